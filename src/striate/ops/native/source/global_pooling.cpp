// The kind GLOBAL: the mean or the largest value of each channel's map (+ dropout).
//
//   forward:   for each vector of channels
//                for each row, for each column: sum within the row, then over the rows; or keep the largest
//   backward:  mean:    for each place, for each vector of channels: gradient / places
//              maximum: the same at the places that hold it, which share it evenly, as PyTorch's amax has
//                       it (a map that ReLU closed holds its maximum, zero, everywhere)
//
// NaN wins; its gradient is NaN, since no place is equal to it.
#include "dropout.h"
#include "products.h"

namespace striate {

namespace {

template <class Element>
Element* sample_of(const char* maps, int sample, int64_t elements) {
    return reinterpret_cast<Element*>(const_cast<char*>(maps)) + sample * elements;
}

int64_t places_in(const StriateBlock& block) { return int64_t(block.height) * block.width; }

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
Vector maximum_of(const In* map, const StriateBlock& block, Lanes lanes) {
    Vector best = load(map, lanes);
    for (int64_t place = 1; place < places_in(block); place++) {
        Vector value = load(map + place * block.channels, lanes);
        best = choose(beats(value, best), value, best);
    }
    return best;
}

// 1 where a value is its channel's maximum, else 0.
template <class In>
Vector holds(const In* value, Vector maximum, Lanes lanes) {
    return choose(is_equal(load(value, lanes), maximum), broadcast(1.0f), zero());
}

template <class In, class Out>
void pool_sample(const Call& call, int sample) {
    const StriateBlock& block = *call.block;
    Dropout dropout(block, *call.pass, sample);
    const In* map = sample_of<const In>(call.input, sample, input_elements(block));
    Out* output = sample_of<Out>(call.output, sample, block.channels);
    for (int channel = 0; channel < block.channels; channel += kLanes) {
        Lanes lanes = first_lanes(block.channels - channel);
        Vector value = block.maximum ? maximum_of(map + channel, block, lanes) : mean_of(map + channel, block, lanes);
        if (dropout.active)
            value = multiply(value, choose(dropout.kept(uint32_t(channel)), broadcast(dropout.scale), zero()));
        store(output + channel, value, lanes);
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
        for (int64_t place = 0; place < places_in(block); place++)
            store(to + place * block.channels + channel, each, lanes);
    }
}

template <class In, class Out>
void share_among_maxima(const Call& call, int sample) {
    const StriateBlock& block = *call.block;
    Dropout dropout(block, *call.pass, sample);
    const In* map = sample_of<const In>(call.input, sample, input_elements(block));
    In* to = sample_of<In>(call.input_gradient, sample, input_elements(block));
    const Out* gradient = sample_of<const Out>(call.output_gradient, sample, block.channels);
    for (int channel = 0; channel < block.channels; channel += kLanes) {
        Lanes lanes = first_lanes(block.channels - channel);
        Lanes kept = dropout.active ? dropout.kept(uint32_t(channel)) : lanes;
        Vector maximum = maximum_of(map + channel, block, lanes), holders = zero();
        for (int64_t place = 0; place < places_in(block); place++)
            holders = add(holders, holds(map + place * block.channels + channel, maximum, lanes));
        Vector whole = multiply(load(gradient + channel, lanes), broadcast(dropout.scale));
        Vector share = divide(choose(kept, whole, zero()), holders);
        for (int64_t place = 0; place < places_in(block); place++) {
            int64_t at = place * block.channels + channel;
            store(to + at, multiply(holds(map + at, maximum, lanes), share), lanes);
        }
    }
}

template <class In, class Out>
void pass_sample_back(const Call& call, int sample) {
    if (call.block->maximum) return share_among_maxima<In, Out>(call, sample);
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

void plan(StriateBlock&, const StriatePass&, Arenas&) {}

}  // namespace

const Kind kGlobal = {
    fits, no_bytes, plan, {}, {{Scope::samples, forward}}, {{Scope::samples, forward}}, {},
    {{Scope::samples, backward}}, {},
};

}  // namespace striate
