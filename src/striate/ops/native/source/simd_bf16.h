// bf16 factors: products of pairs, and values moved about as they stand in memory, without
// arithmetic, twice as many at once as simd.h's vectors hold. Only where kHasBf16Products.
#pragma once
#include "simd.h"

namespace striate {

constexpr int kHalves = 2 * kLanes;

// Brings a line of memory that will be written soon.
inline void fetch(const void* place) { __builtin_prefetch(place, 1); }

#if defined(__AVX512BF16__)
// Sums of products of bf16 pairs: lane i of `sum` gains a[2i] b[2i] + a[2i + 1] b[2i + 1].
constexpr bool kHasBf16Products = true;
using Pairs = __m512bh;
inline Pairs load_pairs(const bf16_t* from) { return (Pairs)_mm512_loadu_si512(from); }
inline Pairs broadcast_pair(const bf16_t* from) {
    int pair;
    std::memcpy(&pair, from, 4);
    return (Pairs)_mm512_set1_epi32(pair);
}
// The pair's second value may belong to something else and even be NaN: it must not count.
inline Pairs broadcast_single(const bf16_t* from) { return (Pairs)_mm512_set1_epi32(int(*from)); }
inline Vector multiply_add(Pairs a, Pairs b, Vector sum) { return _mm512_dpbf16_ps(sum, a, b); }

using Halves = __m512i;
using HalfLanes = __mmask32;
using HalfPlaces = __m256i;   // their places in windows, one byte each

inline HalfLanes first_half_lanes(int count) { return count >= 32 ? ~HalfLanes(0) : HalfLanes((1u << count) - 1); }
inline Halves load_halves(const bf16_t* from, HalfLanes lanes) { return _mm512_maskz_loadu_epi16(lanes, from); }
inline void store_halves(bf16_t* to, Halves value, HalfLanes lanes) { _mm512_mask_storeu_epi16(to, lanes, value); }
// The others become 0.
inline Halves keep(HalfLanes lanes, Halves value) { return _mm512_maskz_mov_epi16(lanes, value); }
inline HalfPlaces load_half_places(const uint8_t* from, HalfLanes lanes) { return _mm256_maskz_loadu_epi8(lanes, from); }
inline HalfLanes is_equal(HalfPlaces a, int place) { return _mm256_cmpeq_epi8_mask(a, _mm256_set1_epi8(char(place))); }
// Where ReLU's gradient is zero: 0 and below, but not NaN, whose magnitude is above infinity's.
inline HalfLanes is_dead(Halves value) {
    __m512i magnitude = _mm512_and_si512(value, _mm512_set1_epi16(0x7fff));
    return _mm512_cmple_epi16_mask(value, _mm512_setzero_si512()) &
           _mm512_cmple_epi16_mask(magnitude, _mm512_set1_epi16(0x7f80));
}
inline HalfLanes opposite(HalfLanes lanes) { return ~lanes; }
// Stores the first 16 of both in turns, and the rest likewise where there are two vectors of pairs.
inline void store_turns(bf16_t* to, Halves first, Halves second, int vectors) {
    const __m512i early = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8,
                                           39, 7, 38, 6, 37, 5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
    const __m512i late = _mm512_add_epi16(early, _mm512_set1_epi16(16));
    _mm512_storeu_si512(to, _mm512_permutex2var_epi16(first, early, second));
    if (vectors == 2) _mm512_storeu_si512(to + kHalves, _mm512_permutex2var_epi16(first, late, second));
}
// Rounds two vectors and stores them value by value in turns.
inline void store_pairs(bf16_t* to, Vector first, Vector second) {
    const __m512i turns = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,
                                           23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi16(turns, (__m512i)_mm512_cvtne2ps_pbh(second, first)));
}
#else
constexpr bool kHasBf16Products = false;
// Named for templates that are never made real at these levels (products.h).
struct Pairs {};
Pairs load_pairs(const bf16_t* from);
Pairs broadcast_pair(const bf16_t* from);
Pairs broadcast_single(const bf16_t* from);
Vector multiply_add(Pairs a, Pairs b, Vector sum);

struct Halves {};
struct HalfLanes {};
struct HalfPlaces {};
HalfLanes first_half_lanes(int count);
Halves load_halves(const bf16_t* from, HalfLanes lanes);
void store_halves(bf16_t* to, Halves value, HalfLanes lanes);
Halves keep(HalfLanes lanes, Halves value);
HalfPlaces load_half_places(const uint8_t* from, HalfLanes lanes);
HalfLanes is_equal(HalfPlaces a, int place);
HalfLanes is_dead(Halves value);
HalfLanes opposite(HalfLanes lanes);
void store_turns(bf16_t* to, Halves first, Halves second, int vectors);
void store_pairs(bf16_t* to, Vector first, Vector second);
#endif

}  // namespace striate
