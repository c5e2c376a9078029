// The pool: workers that wait for a while by spinning and then asleep (threads.h).
#include "threads.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "simd.h"
#include "striate.h"

namespace striate {

using Clock = std::chrono::steady_clock;

// How long a worker that has nothing to do looks for work before it sleeps. The long time reaches over
// what lies between two passes of a training, where waking a sleeper costs as much as a small layer. But
// somebody else may need the processor: a worker that was put aside while it looked (the clock jumps)
// looks for the short time only, which reaches over the gaps inside a pass, in so many of its next waits.
constexpr std::chrono::microseconds kLongLook{150}, kShortLook{20}, kPutAside{500};
constexpr int kModestWaits = 2000;
constexpr int kSpins = 32;   // between two looks at the clock

namespace {

struct Job {
    void (*body)(int, void*) = nullptr;
    void* data = nullptr;
    int tasks = 0;
};

struct Pool {
    std::mutex busy;                    // held by the caller whose job runs
    std::mutex sleeping;
    std::condition_variable wake;
    std::vector<std::thread> workers;
    std::atomic<uint64_t> round{0};     // odd: a job is open
    std::atomic<int> next{0}, inside{0};
    Job job;
    bool closing = false;

    void work_on(const Job& open) {
        for (int task; (task = next.fetch_add(1, std::memory_order_relaxed)) < open.tasks;) open.body(task, open.data);
    }

    // Looks for a round after `seen` in which a job is open; 0 where none came in time.
    uint64_t look_for(uint64_t seen, int& modest) {
        auto begin = Clock::now(), last = begin;
        auto patience = modest > 0 ? kShortLook : kLongLook;
        modest -= modest > 0;
        while (last - begin < patience) {
            for (int spin = 0; spin < kSpins; spin++) {
                uint64_t now = round.load(std::memory_order_acquire);
                if (now != seen && now % 2) return now;
                _mm_pause();
            }
            auto now = Clock::now();
            if (now - last > kPutAside) modest = kModestWaits;
            last = now;
        }
        return 0;
    }

    // Waits for a round after `seen` in which a job is open; 0 when the pool closes.
    uint64_t await(uint64_t seen, int& modest) {
        if (uint64_t found = look_for(seen, modest)) return found;
        std::unique_lock<std::mutex> lock(sleeping);
        uint64_t now = seen;
        wake.wait(lock, [&] { now = round.load(std::memory_order_acquire); return closing || (now != seen && now % 2); });
        return closing ? 0 : now;
    }

    void live() {
        int modest = 0;
        for (uint64_t seen = 0; (seen = await(seen, modest));) {
            // The job may have ended meanwhile: only who is inside before it closes may look at it.
            inside.fetch_add(1);
            if (round.load() == seen) work_on(job);
            inside.fetch_sub(1);
        }
    }

    void run(const Job& wanted) {
        job = wanted;
        next.store(0);
        {
            std::lock_guard<std::mutex> lock(sleeping);
            round.fetch_add(1);
        }
        wake.notify_all();
        work_on(job);
        round.fetch_add(1);
        while (inside.load()) _mm_pause();
    }

    void resize(int threads) {
        close();
        closing = false;
        try {
            for (int i = 1; i < threads; i++) workers.emplace_back([this] { live(); });
        } catch (const std::system_error&) {
            // The system allows no more threads: those that there are do the work.
        }
    }

    void close() {
        {
            std::lock_guard<std::mutex> lock(sleeping);
            closing = true;
        }
        wake.notify_all();
        for (std::thread& worker : workers) worker.join();
        workers.clear();
    }
};

std::mutex guard;        // of the two below
Pool* pool = nullptr;
std::atomic<int> wanted_threads{1};

// A forked child has no threads but its own: it starts anew with its first job. The parent's pool is
// left alone, since its locks may be held by threads that are not here.
void forget_pool() {
    new (&guard) std::mutex;
    pool = nullptr;
}

Pool* ready_pool() {
    std::lock_guard<std::mutex> lock(guard);
    if (!pool) {
        static bool watching = pthread_atfork(nullptr, nullptr, forget_pool) == 0;
        (void)watching;
        pool = new Pool;   // never freed: workers may outlive static destructors
        pool->resize(wanted_threads);
    }
    return pool;
}

}  // namespace

int thread_count() { return wanted_threads; }

void run_tasks(int tasks, void (*body)(int, void*), void* data) {
    if (tasks > 1 && wanted_threads > 1) {
        Pool* ready = ready_pool();
        std::unique_lock<std::mutex> turn(ready->busy, std::try_to_lock);
        if (turn.owns_lock()) return ready->run({body, data, tasks});
    }
    for (int task = 0; task < tasks; task++) body(task, data);
}

namespace {

struct Buffers {
    char* memory[kScratchBuffers] = {};
    int64_t sizes[kScratchBuffers] = {};
    ~Buffers() {
        for (char* each : memory) std::free(each);
    }
};

}  // namespace

void* scratch(int number, int64_t bytes) {
    static thread_local Buffers buffers;
    if (bytes > buffers.sizes[number]) {
        std::free(buffers.memory[number]);
        int64_t rounded = (bytes + 127) / 64 * 64;
        buffers.memory[number] = static_cast<char*>(std::aligned_alloc(64, rounded));
        std::memset(buffers.memory[number], 0, rounded);
        buffers.sizes[number] = bytes;
    }
    return buffers.memory[number];
}

}  // namespace striate

extern "C" void striate_set_threads(int32_t threads) {
    using namespace striate;
    std::lock_guard<std::mutex> lock(guard);
    int count = std::max<int32_t>(threads, 1);
    if (count == wanted_threads) return;
    if (pool) {
        std::lock_guard<std::mutex> turn(pool->busy);
        pool->resize(count);
    }
    wanted_threads = count;
}
