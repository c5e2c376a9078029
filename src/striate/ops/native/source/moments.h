// Mean and squared deviations of all channels of a map, exact also where |mean| >> deviation.
//
//   for each chunk of 64 places                                 values stay in the cache
//     for each block of channels                                in registers
//       for each place: sum += x - centre, squares += (x - centre)^2         fp32
//     the chunk's moments are merged with those before it       double, Chan's formula
//
// The centre is the mean of everything before the chunk, so that the fp32 sums are small wherever
// they matter for the variance. T. F. Chan, G. H. Golub, R. J. LeVeque: Updating formulae and a
// pairwise algorithm for computing sample variances (1979).
#pragma once
#include <algorithm>

#include "simd.h"

namespace striate {

// Lies at the start of a slot's partial sums.
struct Moments {
    double* count;      // one number: places so far
    double* mean;       // a channel
    double* squares;    // a channel: sum of squared deviations from the mean
    float* centre;      // a channel

    Moments(char* from, int channels)
        : count(reinterpret_cast<double*>(from)), mean(count + 8), squares(mean + channels),
          centre(reinterpret_cast<float*>(squares + channels)) {}

    static int64_t bytes(int channels) { return 64 + int64_t(channels) * 20; }

    void clear(int channels) {
        *count = 0;
        std::fill(mean, mean + 2 * channels, 0.0);
        std::fill(centre, centre + channels, 0.0f);
    }
};

// Merges the moments of `places` more places, given for `channels` channels by their sums and
// squares about the centre.
inline void merge_chunk(const float* __restrict sums, const float* __restrict squares, int channels, double places,
                        double before, double* __restrict mean, double* __restrict deviations,
                        float* __restrict centre) {
    double share = places / (before + places), inverse = 1 / places;
    for (int channel = 0; channel < channels; channel++) {
        double off = double(sums[channel]) * inverse;
        double step = centre[channel] + off - mean[channel];
        mean[channel] += step * share;
        deviations[channel] += squares[channel] - sums[channel] * off + step * step * (before * share);
        centre[channel] = float(mean[channel]);
    }
}

constexpr int kChunkPlaces = 64;

// Sums about the centre for `vectors` vectors of channels; the last has `lanes` lanes.
template <int vectors, class Element>
void sum_chunk(const Element* from, int places, int64_t stride, const float* centre, Lanes lanes, float* sums,
               float* squares) {
    Vector middle[vectors], sum[vectors], square[vectors];
    for (int i = 0; i < vectors; i++) {
        middle[i] = load(centre + i * kLanes, i + 1 < vectors ? first_lanes(kLanes) : lanes);
        sum[i] = square[i] = zero();
    }
    for (int place = 0; place < places; place++, from += stride)
        for (int i = 0; i < vectors; i++) {
            Vector value = i + 1 < vectors ? load(from + i * kLanes) : load(from + i * kLanes, lanes);
            Vector off = subtract(value, middle[i]);
            sum[i] = add(sum[i], off);
            square[i] = multiply_add(off, off, square[i]);
        }
    for (int i = 0; i < vectors; i++) {
        store(sums + i * kLanes, sum[i]);
        store(squares + i * kLanes, square[i]);
    }
}

// The first chunk has no mean before it: its own is found by an extra pass.
template <class Element>
void first_centre(const Element* from, int places, int channels, float* centre) {
    Vector share = broadcast(1.0f / float(places));
    for (int channel = 0; channel < channels; channel += kLanes) {
        Lanes lanes = first_lanes(channels - channel);
        Vector sum = zero();
        for (int place = 0; place < places; place++)
            sum = add(sum, load(from + int64_t(place) * channels + channel, lanes));
        store(centre + channel, multiply(sum, share), lanes);
    }
}

// Adds `places` adjacent places of a channels-last map.
template <class Element>
void add_places(const Element* from, int64_t places, int channels, Moments moments) {
    constexpr int kTogether = 4 * kLanes;
    alignas(64) float sums[kTogether], squares[kTogether];
    for (int64_t begin = 0; begin < places; begin += kChunkPlaces) {
        int some = int(std::min<int64_t>(kChunkPlaces, places - begin));
        const Element* chunk = from + begin * channels;
        if (*moments.count == 0) first_centre(chunk, some, channels, moments.centre);
        for (int channel = 0; channel < channels;) {
            int left = channels - channel, width = left >= kTogether ? kTogether : std::min(left, kLanes);
            auto sum = width == kTogether ? sum_chunk<4, Element> : sum_chunk<1, Element>;
            Lanes lanes = first_lanes(std::min(width, width == kTogether ? kLanes : left));
            sum(chunk + channel, some, channels, moments.centre + channel, lanes, sums, squares);
            merge_chunk(sums, squares, width, some, *moments.count, moments.mean + channel,
                        moments.squares + channel, moments.centre + channel);
            channel += width;
        }
        *moments.count += some;
    }
}

// Merges all that came after `into` with it: the slots' moments, in their order.
inline void merge_moments(Moments into, Moments from, int channels) {
    double before = *into.count, more = *from.count;
    if (more == 0) return;
    double share = more / (before + more);
    for (int channel = 0; channel < channels; channel++) {
        double step = from.mean[channel] - into.mean[channel];
        into.mean[channel] += step * share;
        into.squares[channel] += from.squares[channel] + step * step * (before * share);
    }
    *into.count = before + more;
}

}  // namespace striate
