// Whether values are numbers: neither NaN nor infinity.
#pragma once
#include "simd.h"

namespace striate {

// Zero times a number is zero, and times NaN or infinity it is NaN, which stays in a sum.
inline bool are_numbers(const float* values, int64_t count) {
    Vector sums[4] = {zero(), zero(), zero(), zero()};
    int64_t at = 0;
    for (; at + 4 * kLanes <= count; at += 4 * kLanes)
        for (int i = 0; i < 4; i++) sums[i] = multiply_add(load(values + at + i * kLanes), zero(), sums[i]);
    for (; at < count; at += kLanes)
        sums[0] = multiply_add(load(values + at, first_lanes(int(count - at))), zero(), sums[0]);
    return !any(is_nan(add(add(sums[0], sums[1]), add(sums[2], sums[3]))));
}

}  // namespace striate
