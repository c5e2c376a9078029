// Batch normalisation, backward (normalization.h has the formulas).
//
// Both passes go over all places of the input map; each place lies in one pooling window at most
// and gets that window's gradient if it was chosen there:
//
//   sums:      for each row, for each vector of channels
//                for each column: sum g, sum g (x - mean)         fp32 within a row, double beyond
//   gradient:  for each row, for each column
//                for each vector of channels: g scale + (x - mean) slope + constant
#include "dropout.h"
#include "normalization.h"
#include "products.h"
#include "threads.h"
#include "windows.h"

namespace striate::normalization {

namespace {

// Where the gradient of a place of the map comes from: the place of the output (-1: none) and the
// number in its window.
struct Origin {
    int64_t place;
    int number;
};

Origin origin_of(const StriateBlock& block, int row, int column) {
    int down = row + block.pool_top, right = column + block.pool_left;
    int output_row = down / block.pool_height, output_column = right / block.pool_width;
    if (output_row >= block.output_height || output_column >= block.output_width) return {-1, 0};
    return {int64_t(output_row) * block.output_width + output_column,
            down % block.pool_height * block.pool_width + right % block.pool_width};
}

// One sample's maps, and what reaches its places.
template <class In, class Out>
struct Sample {
    const StriateBlock& block;
    Coefficients coefficients;
    Dropout dropout;
    const In* map;
    const Out* gradient;
    const uint8_t* choice;    // null: no pooling

    Sample(const Call& call, int sample)
        : block(*call.block), coefficients(call.kept<float>(block.kept_moments), block.channels),
          dropout(block, *call.pass, sample),
          map(reinterpret_cast<const In*>(call.input) + sample * input_elements(block)),
          gradient(reinterpret_cast<const Out*>(call.output_gradient) + sample * output_elements(block)),
          choice(block.kept_choice < 0 ? nullptr
                                       : call.kept<uint8_t>(block.kept_choice) + sample * output_elements(block)) {}

    // x - mean.
    Vector centred(int64_t place, int channel, Lanes lanes) const {
        return subtract(load(map + place * block.channels + channel, lanes), load(coefficients.mean + channel, lanes));
    }

    // The gradient that reaches y, but for dropout's scale.
    Vector reaching(const Origin& origin, int channel, Lanes lanes, Vector off) const {
        if (origin.place < 0) return zero();
        int64_t at = origin.place * block.channels + channel;
        return choose(choice ? is_equal(load_places(choice + at, lanes), places(origin.number))
                             : open_lanes(at, channel, lanes, off),
                      load(gradient + at, lanes), zero());
    }

    // Without pooling nothing was kept: forward's values are computed again, bit for bit.
    Lanes open_lanes(int64_t at, int channel, Lanes lanes, Vector off) const {
        Lanes open = lanes;
        if (block.relu)
            open = both(open, opposite(is_dead(multiply_add(off, load(coefficients.scale + channel, lanes),
                                                            load(coefficients.offset + channel, lanes)))));
        if (dropout.active) open = both(open, dropout.kept(uint32_t(at)));
        return open;
    }
};

void add_lanes(double* into, Vector values, int count) {
    alignas(64) float lanes[kLanes];
    store(lanes, values);
    for (int i = 0; i < std::min(count, kLanes); i++) into[i] += lanes[i];
}

// A slot's sums: of g, then of g (x - mean).
template <class In, class Out>
void sum_sample(const Call& call, int number, double* sums) {
    Sample<In, Out> sample(call, number);
    const StriateBlock& block = *call.block;
    Origin* origins = scratch_of<Origin>(0, block.width);   // their divisions are not for inner loops
    for (int row = 0; row < block.height; row++) {
        for (int column = 0; column < block.width; column++) origins[column] = origin_of(block, row, column);
        for (int channel = 0; channel < block.channels; channel += kLanes) {
            Lanes lanes = first_lanes(block.channels - channel);
            Vector sum = zero(), product = zero();
            for (int column = 0; column < block.width; column++) {
                Vector off = sample.centred(int64_t(row) * block.width + column, channel, lanes);
                Vector reaching = sample.reaching(origins[column], channel, lanes, off);
                sum = add(sum, reaching);
                product = multiply_add(reaching, off, product);
            }
            add_lanes(sums + channel, sum, block.channels - channel);
            add_lanes(sums + block.channels + channel, product, block.channels - channel);
        }
    }
}

template <class In, class Out>
void pass_sample_back(const Call& call, int number, BackCoefficients back) {
    Sample<In, Out> sample(call, number);
    const StriateBlock& block = *call.block;
    In* to = reinterpret_cast<In*>(call.input_gradient) + number * input_elements(block);
    int64_t place = 0;
    for (int row = 0; row < block.height; row++)
        for (int column = 0; column < block.width; column++, place++) {
            Origin origin = origin_of(block, row, column);
            for (int channel = 0; channel < block.channels; channel += kLanes) {
                Lanes lanes = first_lanes(block.channels - channel);
                Vector off = sample.centred(place, channel, lanes);
                Vector reaching = sample.reaching(origin, channel, lanes, off);
                Vector slope = load(back.slope + channel, lanes);
                Vector rest = multiply_add(off, slope, load(back.constant + channel, lanes));
                store(to + place * block.channels + channel,
                      multiply_add(reaching, load(back.scale + channel, lanes), rest), lanes);
            }
        }
}

}  // namespace

void clear_gradient_sums(const Call& call, int slot) {
    double* sums = call.partial<double>(slot);
    std::fill(sums, sums + 2 * call.block->channels, 0.0);
}

void sum_gradients(const Call& call, int sample, int slot, int) {
    const StriateBlock& block = *call.block;
    double* sums = call.partial<double>(slot);
    with_element(input_is_fp32(block), [&](auto in) {
        with_element(output_is_fp32(block),
                     [&](auto out) { sum_sample<decltype(in), decltype(out)>(call, sample, sums); });
    });
}

void finish_gradients(const Call& call, int, int, int) {
    const StriateBlock& block = *call.block;
    Coefficients forward(call.kept<float>(block.kept_moments), block.channels);
    BackCoefficients back(call.work<float>(block.work_other_back), block.channels);
    double places = double(call.pass->batch) * block.height * block.width;
    double dropout = Dropout(block, *call.pass, 0).scale;
    for (int channel = 0; channel < block.channels; channel++) {
        double sum = 0, product = 0;
        for (int slot = 0; slot < call.pass->slots; slot++) {
            sum += call.partial<double>(slot)[channel];
            product += call.partial<double>(slot)[block.channels + channel];
        }
        double scale = forward.scale[channel], inverse = forward.inverse[channel], rest = forward.rest[channel];
        sum *= dropout;
        double with_normalized = inverse * (product * dropout - rest * sum);
        if (block.beta_gradient) block.beta_gradient[channel] = float(sum);
        if (block.gamma_gradient) block.gamma_gradient[channel] = float(with_normalized);
        double slope = -scale * inverse * with_normalized / places;
        back.scale[channel] = float(scale * dropout);
        back.slope[channel] = float(slope);
        back.constant[channel] = float(-scale * sum / places - slope * rest);
    }
}

void pass_gradient_back(const Call& call, int sample, int, int) {
    const StriateBlock& block = *call.block;
    if (!call.input_gradient) return;
    BackCoefficients back(call.work<float>(block.work_other_back), block.channels);
    with_element(input_is_fp32(block), [&](auto in) {
        with_element(output_is_fp32(block),
                     [&](auto out) { pass_sample_back<decltype(in), decltype(out)>(call, sample, back); });
    });
}

}  // namespace striate::normalization
