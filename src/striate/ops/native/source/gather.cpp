// Rows of an array side by side: how a shuffled batch is put together.
//
//   for each task (some rows, at least 64 KB)      in parallel
//     for each of its rows: copy row_bytes
#include <algorithm>
#include <cstring>

#include "striate.h"
#include "threads.h"

constexpr int64_t kLeastBytes = int64_t(64) << 10;

extern "C" void striate_gather(const char* from, int64_t row_bytes, const int64_t* rows, int64_t count, char* to) {
    int64_t each = std::max<int64_t>(kLeastBytes / std::max<int64_t>(row_bytes, 1), 1);
    striate::parallel(int((count + each - 1) / each), [&](int task) {
        int64_t end = std::min((task + 1) * each, count);
        for (int64_t row = task * each; row < end; row++)
            std::memcpy(to + row * row_bytes, from + rows[row] * row_bytes, size_t(row_bytes));
    });
}
