// Batch normalisation, forward (normalization.h has the formulas).
//
//   moments: for each sample, as moments.h draws it
//   apply:   for each row and column of the output
//              for each vector of channels
//                for each place of the pooling window: y = (x - mean) scale + offset, keep the largest
//                ReLU, dropout, store the value and the place's number in its window
#include <algorithm>

#include "dropout.h"
#include "moments.h"
#include "normalization.h"
#include "products.h"
#include "windows.h"

namespace striate::normalization {

void clear_moments(const Call& call, int slot) {
    Moments(call.partial<char>(slot), call.block->channels).clear(call.block->channels);
}

template <class In>
static void sum_sample(const Call& call, int sample, Moments moments) {
    const StriateBlock& block = *call.block;
    const In* map = reinterpret_cast<const In*>(call.input) + sample * input_elements(block);
    add_places(map, int64_t(block.height) * block.width, block.channels, moments);
}

void sum_moments(const Call& call, int sample, int slot, int) {
    Moments moments(call.partial<char>(slot), call.block->channels);
    with_element(input_is_fp32(*call.block), [&](auto in) { sum_sample<decltype(in)>(call, sample, moments); });
}

static void move(float* moving, float momentum, double value) {
    if (moving) *moving = float(double(*moving) * momentum + value * (1.0 - double(momentum)));
}

void finish_moments(const Call& call, int, int, int) {
    const StriateBlock& block = *call.block;
    Moments all(call.partial<char>(0), block.channels);
    for (int slot = 1; slot < call.pass->slots; slot++)
        merge_moments(all, Moments(call.partial<char>(slot), block.channels), block.channels);
    Coefficients coefficients(call.kept<float>(block.kept_moments), block.channels);
    for (int channel = 0; channel < block.channels; channel++) {
        double variance = std::max(all.squares[channel] / *all.count, 0.0);
        if (all.squares[channel] != all.squares[channel]) variance = all.squares[channel];   // NaN stays
        coefficients.set(block, channel, all.mean[channel], variance);
        move(block.moving_mean ? block.moving_mean + channel : nullptr, block.momentum, all.mean[channel]);
        move(block.moving_variance ? block.moving_variance + channel : nullptr, block.momentum, variance);
    }
}

namespace {

struct Best {
    Vector value;
    Places place;
};

// The largest normalised value of a window; `map` is at the sample's first place and the channels.
template <class In>
Best best_of(const In* map, const StriateBlock& block, const Window& window, Lanes lanes, Vector mean, Vector scale,
             Vector offset) {
    Best best = {zero(), places(0)};
    bool any = false;
    for (int row = window.rows.begin; row < window.rows.end; row++) {
        int number = (row - window.rows.begin + window.rows.first) * block.pool_width + window.columns.first;
        const In* at = map + (int64_t(row) * block.width + window.columns.begin) * block.channels;
        for (int column = window.columns.begin; column < window.columns.end; column++, number++, at += block.channels) {
            Vector value = multiply_add(subtract(load(at, lanes), mean), scale, offset);
            Lanes wins = any ? beats(value, best.value) : first_lanes(kLanes);
            best.value = choose(wins, value, best.value);
            best.place = choose(wins, places(number), best.place);
            any = true;
        }
    }
    return best;
}

// All channels of one place of the output, which is number `place` in the sample's.
template <class In, class Out>
void apply_window(const StriateBlock& block, const Coefficients& coefficients, const Dropout& dropout, const In* map,
                  const Window& window, int64_t place, Out* output, uint8_t* choice) {
    Vector dropout_scale = broadcast(dropout.scale);
    for (int channel = 0; channel < block.channels; channel += kLanes) {
        Lanes lanes = first_lanes(block.channels - channel);
        Best best = best_of(map + channel, block, window, lanes, load(coefficients.mean + channel, lanes),
                            load(coefficients.scale + channel, lanes), load(coefficients.offset + channel, lanes));
        Lanes closed = block.relu ? is_dead(best.value) : first_lanes(0);
        if (block.relu) best.value = rectify(best.value);
        if (dropout.active) {
            Lanes kept = dropout.kept(uint32_t(place * block.channels + channel));
            closed = either(closed, opposite(kept));
            best.value = multiply(best.value, choose(kept, dropout_scale, zero()));
        }
        store(output + place * block.channels + channel, best.value, lanes);
        if (choice)
            store_places(choice + place * block.channels + channel, choose(closed, places(kClosed), best.place), lanes);
    }
}

template <class In, class Out>
void apply_sample(const Call& call, const Coefficients& coefficients, int sample, int band) {
    const StriateBlock& block = *call.block;
    Dropout dropout(block, *call.pass, sample);
    const In* map = reinterpret_cast<const In*>(call.input) + sample * input_elements(block);
    Out* output = reinterpret_cast<Out*>(call.output) + sample * output_elements(block);
    uint8_t* choice =
        block.kept_choice >= 0 ? call.kept<uint8_t>(block.kept_choice) + sample * output_elements(block) : nullptr;
    int begin = int(int64_t(block.output_height) * band / call.bands);
    int end = int(int64_t(block.output_height) * (band + 1) / call.bands);
    for (int row = begin; row < end; row++)
        for (int column = 0; column < block.output_width; column++)
            apply_window(block, coefficients, dropout, map, window_of(block, row, column),
                         int64_t(row) * block.output_width + column, output, choice);
}

}  // namespace

void apply_normalization(const Call& call, int sample, int, int band) {
    const StriateBlock& block = *call.block;
    float* from = block.training ? call.kept<float>(block.kept_moments) : call.work<float>(block.work_packed);
    Coefficients coefficients(from, block.channels);
    with_element(input_is_fp32(block), [&](auto in) {
        with_element(output_is_fp32(block), [&](auto out) {
            apply_sample<decltype(in), decltype(out)>(call, coefficients, sample, band);
        });
    });
}

}  // namespace striate::normalization
