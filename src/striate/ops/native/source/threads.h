// One pool of threads for all native kernels, beside PyTorch's own and never at the same time.
#pragma once
#include <cstdint>

namespace striate {

// Runs body(task, data) once for each task from 0 to tasks - 1, on any threads in any order, and
// returns when all are done. Results must not depend on which thread takes which task. When
// another caller uses the pool already, everything runs on the calling thread.
void run_tasks(int tasks, void (*body)(int task, void* data), void* data);

template <class Body>
void parallel(int tasks, Body&& body) {
    auto call = [](int task, void* data) { (*static_cast<Body*>(data))(task); };
    run_tasks(tasks, call, &body);
}

int thread_count();

// Memory of the calling thread that is kept between calls: one buffer a number, at least `bytes`
// long, aligned to 64 bytes, with 64 bytes of room behind. Contents are undefined.
constexpr int kScratchBuffers = 9;
constexpr int kPassedMaps = 8;   // the last buffer, which is the program's and outlives a phase (program.cpp)
void* scratch(int number, int64_t bytes);

template <class Element>
Element* scratch_of(int number, int64_t elements) {
    return static_cast<Element*>(scratch(number, elements * static_cast<int64_t>(sizeof(Element))));
}

}  // namespace striate
