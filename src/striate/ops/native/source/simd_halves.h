// bf16 values moved about as they stand in memory, without arithmetic: twice as many at once as
// simd.h's vectors hold. Like the products of bf16 factors, only where kHasBf16Products.
#pragma once
#include "simd.h"

namespace striate {

constexpr int kHalves = 2 * kLanes;

// Brings a line of memory that will be written soon.
inline void fetch(const void* place) { __builtin_prefetch(place, 1); }

#if defined(__AVX512BF16__)
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
// Rounds two vectors and stores them value by value in turns.
inline void store_pairs(bf16_t* to, Vector first, Vector second) {
    __m512i low = _mm512_cvtepu16_epi32(round_to_bf16(first)), high = _mm512_cvtepu16_epi32(round_to_bf16(second));
    _mm512_storeu_si512(to, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}
// Likewise, from memory.
inline void store_pairs(bf16_t* to, const bf16_t* first, const bf16_t* second, Lanes lanes) {
    __m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, first));
    __m512i high = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, second));
    _mm512_storeu_si512(to, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}
#else
// Named for templates that are never made real at these levels.
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
void store_pairs(bf16_t* to, Vector first, Vector second);
void store_pairs(bf16_t* to, const bf16_t* first, const bf16_t* second, Lanes lanes);
#endif

}  // namespace striate
