// The kind GLOBAL: the mean or the largest value of each channel's map (+ dropout).
//
//   forward:   for each vector of channels
//                for each row, for each column: sum within the row, then over the rows; or keep the largest
//   backward:  mean:    for each place, for each vector of channels: gradient / places
//              maximum: zeros but at the kept places
//
// The way back needs the place of each maximum: int32 in kept_other, -1 where dropout closed it.
// Of equal values the first is taken; NaN wins.
#include <cstring>

#include "dropout.h"
#include "products.h"

namespace striate {

namespace {

template <class Element>
Element* sample_of(const char* maps, int sample, int64_t elements) {
    return reinterpret_cast<Element*>(const_cast<char*>(maps)) + sample * elements;
}

int32_t* places_of(const Call& call, int sample) {
    const StriateBlock& block = *call.block;
    return block.kept_other < 0 ? nullptr : call.kept<int32_t>(block.kept_other) + int64_t(sample) * block.channels;
}

template <class In>
Vector mean_of(const In* map, const StriateBlock& block, Lanes lanes) {
    Vector total = zero();
    for (int row = 0; row < block.height; row++) {
        Vector sum = zero();
        for (int column = 0; column < block.width; column++, map += block.channels) sum = add(sum, load(map, lanes));
        total = add(total, sum);
    }
    return divide(total, broadcast(float(block.height) * float(block.width)));
}

template <class In>
Vector maximum_of(const In* map, const StriateBlock& block, Lanes lanes, Places& place) {
    Vector best = load(map, lanes);
    place = places(0);
    for (int number = 1; number < block.height * block.width; number++) {
        Vector value = load(map + int64_t(number) * block.channels, lanes);
        Lanes wins = beats(value, best);
        best = choose(wins, value, best);
        place = choose(wins, places(number), place);
    }
    return best;
}

template <class In, class Out>
void pool_sample(const Call& call, int sample) {
    const StriateBlock& block = *call.block;
    Dropout dropout(block, *call.pass, sample);
    const In* map = sample_of<const In>(call.input, sample, input_elements(block));
    Out* output = sample_of<Out>(call.output, sample, block.channels);
    int32_t* kept_places = places_of(call, sample);
    for (int channel = 0; channel < block.channels; channel += kLanes) {
        Lanes lanes = first_lanes(block.channels - channel);
        Places place = places(0);
        Vector value = block.maximum ? maximum_of(map + channel, block, lanes, place)
                                     : mean_of(map + channel, block, lanes);
        if (dropout.active) {
            Lanes kept = dropout.kept(uint32_t(channel));
            value = multiply(value, choose(kept, broadcast(dropout.scale), zero()));
            place = choose(kept, place, places(-1));
        }
        store(output + channel, value, lanes);
        if (kept_places) store_whole(kept_places + channel, place, lanes);
    }
}

template <class In, class Out>
void spread_mean(const Call& call, int sample) {
    const StriateBlock& block = *call.block;
    Dropout dropout(block, *call.pass, sample);
    In* to = sample_of<In>(call.input_gradient, sample, input_elements(block));
    const Out* gradient = sample_of<const Out>(call.output_gradient, sample, block.channels);
    Vector share = broadcast(float(double(dropout.scale) / (double(block.height) * block.width)));
    for (int channel = 0; channel < block.channels; channel += kLanes) {
        Lanes lanes = first_lanes(block.channels - channel);
        Lanes kept = dropout.active ? dropout.kept(uint32_t(channel)) : lanes;
        Vector each = choose(kept, multiply(load(gradient + channel, lanes), share), zero());
        for (int64_t place = 0; place < int64_t(block.height) * block.width; place++)
            store(to + place * block.channels + channel, each, lanes);
    }
}

template <class In, class Out>
void put_at_maxima(const Call& call, int sample) {
    const StriateBlock& block = *call.block;
    float scale = Dropout(block, *call.pass, sample).scale;
    In* to = sample_of<In>(call.input_gradient, sample, input_elements(block));
    const Out* gradient = sample_of<const Out>(call.output_gradient, sample, block.channels);
    const int32_t* kept_places = places_of(call, sample);
    std::memset(to, 0, input_elements(block) * sizeof(In));
    for (int channel = 0; channel < block.channels; channel++)
        if (kept_places[channel] >= 0)
            set(to[int64_t(kept_places[channel]) * block.channels + channel], to_float(gradient[channel]) * scale);
}

template <class In, class Out>
void pass_sample_back(const Call& call, int sample) {
    if (call.block->maximum) return put_at_maxima<In, Out>(call, sample);
    spread_mean<In, Out>(call, sample);
}

void forward(const Call& call, int sample, int, int) {
    const StriateBlock& block = *call.block;
    with_element(input_is_fp32(block), [&](auto in) {
        with_element(output_is_fp32(block), [&](auto out) { pool_sample<decltype(in), decltype(out)>(call, sample); });
    });
}

void backward(const Call& call, int sample, int, int) {
    const StriateBlock& block = *call.block;
    if (!call.input_gradient) return;
    with_element(input_is_fp32(block), [&](auto in) {
        with_element(output_is_fp32(block),
                     [&](auto out) { pass_sample_back<decltype(in), decltype(out)>(call, sample); });
    });
}

bool fits(const StriateBlock& block) {
    bool has_shape = block.filters == block.channels && block.output_height == 1 && block.output_width == 1 &&
                     int64_t(block.height) * block.width < (int64_t(1) << 31);
    return has_shape && !block.relu && (kHasBf16Products || !block.bf16);
}

int64_t no_bytes(const StriateBlock&) { return 0; }

void plan(StriateBlock& block, const StriatePass& pass, Arena& kept, Arena&) {
    if (block.training && block.maximum) block.kept_other = kept.take(int64_t(pass.batch) * block.channels * 4);
}

}  // namespace

const Kind kGlobal = {
    fits, no_bytes, plan, {}, {{Scope::samples, forward}}, {{Scope::samples, forward}}, {},
    {{Scope::samples, backward}}, {},
};

}  // namespace striate
