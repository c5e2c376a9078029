// The optimisers' step (striate_optimizer.h): memory is read and written once.
//
//     norms, where they clip:  for chunk (parallel): the squares of its gradients, added up in fp64
//     move:                    for chunk (parallel): for vector: gradient, decay, rule, average
//
// A chunk is a piece of one tensor. Where they end depends on lengths alone, so that any number of
// threads gives the same bits.
#include "striate_optimizer.h"

#include <algorithm>
#include <vector>

#include "simd.h"
#include "threads.h"

namespace striate {
namespace {

constexpr int64_t kChunk = 8192;
constexpr int64_t kWorthThreads = 32768;   // values of all tensors together
constexpr int kStretch = 1024;             // squares that are added up in fp32

// The part of one tensor that a task works on.
struct Piece {
    int tensor;
    int64_t begin, end;
};

std::vector<Piece> cut(const StriateStep& step) {
    std::vector<Piece> pieces;
    for (int tensor = 0; tensor < step.count; tensor++)
        for (int64_t begin = 0; begin < step.lengths[tensor]; begin += kChunk)
            pieces.push_back({tensor, begin, std::min(begin + kChunk, step.lengths[tensor])});
    return pieces;
}

template <class Body> void for_pieces(const StriateStep& step, const std::vector<Piece>& pieces, Body&& body) {
    int64_t values = 0;
    for (int tensor = 0; tensor < step.count; tensor++) values += step.lengths[tensor];
    int count = int(pieces.size());
    if (values >= kWorthThreads) return parallel(count, [&](int i) { body(i); });
    for (int i = 0; i < count; i++) body(i);
}

// Whole vectors, or the lanes at a tensor's end.
template <bool kWhole> Vector load_some(const float* from, Lanes lanes) {
    if constexpr (kWhole) return load(from);
    return load(from, lanes);
}
template <bool kWhole> void store_some(float* to, Vector value, Lanes lanes) {
    if constexpr (kWhole) return store(to, value);
    store(to, value, lanes);
}

template <class Body> void for_vectors(int64_t begin, int64_t end, Body&& body) {
    int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) body(i, first_lanes(kLanes), std::true_type{});
    if (i < end) body(i, first_lanes(int(end - i)), std::false_type{});
}

float* at(float* const* table, int tensor) { return table ? table[tensor] : nullptr; }

// `from` on the way to `to`, in the form that is exact at both ends.
inline Vector between(Vector from, Vector to, float share) {
    Vector way = subtract(to, from);
    if (share < 0.5f) return multiply_add(broadcast(share), way, from);
    return subtract(to, multiply(way, broadcast(1.0f - share)));
}

// The gradient as the rule gets it.
struct Gradient {
    const float *values, *sums;
    float loss_scale, parts, factor, limit;
    bool divided;

    Gradient(const StriateStep& step, int tensor, float clip_factor) {
        values = step.gradients[tensor];
        sums = at(step.sums, tensor);
        loss_scale = float(step.loss_scale);
        parts = float(step.parts);
        factor = clip_factor;
        limit = step.clip == STRIATE_CLIP_VALUE ? float(step.limit) : 0;
        divided = loss_scale != 1;
    }

    template <bool kWhole> Vector scaled(int64_t i, Lanes lanes) const {
        Vector value = load_some<kWhole>(values + i, lanes);
        return divided ? divide(value, broadcast(loss_scale)) : value;
    }
    template <bool kWhole> Vector whole(int64_t i, Lanes lanes) const {
        Vector value = scaled<kWhole>(i, lanes);
        if (!sums) return value;
        return divide(add(load_some<kWhole>(sums + i, lanes), value), broadcast(parts));
    }
    template <bool kWhole> Vector clipped(int64_t i, Lanes lanes) const {
        Vector value = whole<kWhole>(i, lanes);
        if (factor != 1) value = multiply(value, broadcast(factor));
        return limit > 0 ? larger(broadcast(-limit), smaller(broadcast(limit), value)) : value;
    }
};

// A rule moves one vector: `slots` are its tensors, of which some may be missing.
struct Sgd {
    Vector rate, momentum;
    bool nesterov;
    Sgd(const StriateStep& step, double share)
        : rate(broadcast(float(-step.rate * share))), momentum(broadcast(float(step.momentum))), nesterov(step.nesterov) {}

    template <bool kWhole>
    Vector moved(Vector weight, Vector gradient, float* const (&slots)[3], int64_t i, Lanes lanes) const {
        if (!slots[0]) return multiply_add(rate, gradient, weight);
        Vector velocity = multiply_add(rate, gradient, multiply(load_some<kWhole>(slots[0] + i, lanes), momentum));
        store_some<kWhole>(slots[0] + i, velocity, lanes);
        if (!nesterov) return add(weight, velocity);
        return multiply_add(rate, gradient, multiply_add(momentum, velocity, weight));
    }
};

struct Adam {
    Vector rate, keep, take, epsilon;
    float mean_share;
    Adam(const StriateStep& step, double share)
        : rate(broadcast(float(step.rate * share * step.correction))), keep(broadcast(float(step.beta_2))),
          take(broadcast(float(1 - step.beta_2))), epsilon(broadcast(float(step.epsilon))),
          mean_share(float(1 - step.beta_1)) {}

    template <bool kWhole>
    Vector moved(Vector weight, Vector gradient, float* const (&slots)[3], int64_t i, Lanes lanes) const {
        Vector mean = between(load_some<kWhole>(slots[0] + i, lanes), gradient, mean_share);
        Vector square = multiply_add(multiply(gradient, gradient), take,
                                     multiply(load_some<kWhole>(slots[1] + i, lanes), keep));
        store_some<kWhole>(slots[0] + i, mean, lanes);
        store_some<kWhole>(slots[1] + i, square, lanes);
        if (slots[2]) {
            Vector largest = load_some<kWhole>(slots[2] + i, lanes);
            square = choose(is_nan(largest), largest, larger(largest, square));
            store_some<kWhole>(slots[2] + i, square, lanes);
        }
        return subtract(weight, divide(multiply(rate, mean), add(square_root(square), epsilon)));
    }
};

struct RmsProp {
    Vector rate, keep, take, epsilon, momentum;
    float mean_share;
    RmsProp(const StriateStep& step, double share)
        : rate(broadcast(float(step.rate * share))), keep(broadcast(float(step.beta_2))),
          take(broadcast(float(1 - step.beta_2))), epsilon(broadcast(float(step.epsilon))),
          momentum(broadcast(float(step.momentum))), mean_share(float(1 - step.beta_2)) {}

    template <bool kWhole>
    Vector moved(Vector weight, Vector gradient, float* const (&slots)[3], int64_t i, Lanes lanes) const {
        Vector square = multiply_add(multiply(gradient, gradient), take,
                                     multiply(load_some<kWhole>(slots[0] + i, lanes), keep));
        store_some<kWhole>(slots[0] + i, square, lanes);
        Vector under = add(square, epsilon);
        if (slots[1]) {
            Vector mean = between(load_some<kWhole>(slots[1] + i, lanes), gradient, mean_share);
            store_some<kWhole>(slots[1] + i, mean, lanes);
            under = subtract(under, multiply(mean, mean));
        }
        Vector quotient = divide(multiply(rate, gradient), square_root(under));
        if (!slots[2]) return subtract(weight, quotient);
        Vector velocity = multiply_add(load_some<kWhole>(slots[2] + i, lanes), momentum, quotient);
        store_some<kWhole>(slots[2] + i, velocity, lanes);
        return subtract(weight, velocity);
    }
};

template <class Rule> void move_piece(const StriateStep& step, const Piece& piece, float clip_factor) {
    int tensor = piece.tensor;
    Gradient gradient(step, tensor, clip_factor);
    double share = step.shares[tensor];
    Rule rule(step, share);
    bool decays = step.decays[tensor] && step.weight_decay != 0;
    Vector left = broadcast(float(1 - step.rate * share * step.weight_decay));
    float *weights = step.weights[tensor], *averages = at(step.averages, tensor);
    float* const slots[3] = {at(step.slots[0], tensor), at(step.slots[1], tensor), at(step.slots[2], tensor)};
    for_vectors(piece.begin, piece.end, [&](int64_t i, Lanes lanes, auto whole) {
        constexpr bool kWhole = decltype(whole)::value;
        Vector weight = load_some<kWhole>(weights + i, lanes);
        if (decays) weight = multiply(weight, left);
        weight = rule.template moved<kWhole>(weight, gradient.template clipped<kWhole>(i, lanes), slots, i, lanes);
        store_some<kWhole>(weights + i, weight, lanes);
        if (!averages) return;
        Vector average = between(load_some<kWhole>(averages + i, lanes), weight, float(1 - step.keep));
        store_some<kWhole>(averages + i, average, lanes);
    });
}

void sum_up_piece(const StriateStep& step, const Piece& piece) {
    Gradient gradient(step, piece.tensor, 1);
    float* sums = step.sums[piece.tensor];
    for_vectors(piece.begin, piece.end, [&](int64_t i, Lanes lanes, auto whole) {
        constexpr bool kWhole = decltype(whole)::value;
        Vector value = gradient.template scaled<kWhole>(i, lanes);
        store_some<kWhole>(sums + i, add(load_some<kWhole>(sums + i, lanes), value), lanes);
    });
}

double squares_of(const StriateStep& step, const Piece& piece) {
    Gradient gradient(step, piece.tensor, 1);
    double total = 0;
    for (int64_t begin = piece.begin; begin < piece.end; begin += kStretch) {
        Vector sum = zero();
        for_vectors(begin, std::min(begin + kStretch, piece.end), [&](int64_t i, Lanes lanes, auto whole) {
            constexpr bool kWhole = decltype(whole)::value;
            Vector value = gradient.template whole<kWhole>(i, lanes);
            if (!kWhole) value = choose(lanes, value, zero());
            sum = multiply_add(value, value, sum);
        });
        total += sum_of(sum);
    }
    return total;
}

// What each tensor's gradient is multiplied by, so that no norm is above the limit. NaN stays NaN;
// an infinite norm of all makes all NaN, so that it is seen.
std::vector<float> clip_factors(const StriateStep& step, const std::vector<Piece>& pieces) {
    std::vector<double> squares(pieces.size()), sums(step.count, 0.0);
    for_pieces(step, pieces, [&](int i) { squares[i] = squares_of(step, pieces[i]); });
    double all = 0;
    for (size_t i = 0; i < pieces.size(); i++) {
        sums[pieces[i].tensor] += squares[i];
        all += squares[i];
    }
    float limit = float(step.limit);
    auto factor = [limit](double square) {
        float norm = float(std::sqrt(square));
        return limit / (norm < limit ? limit : norm);
    };
    std::vector<float> factors(step.count);
    float norm = float(std::sqrt(all)), of_all = factor(all) + (norm - norm);
    for (int i = 0; i < step.count; i++) factors[i] = step.clip == STRIATE_CLIP_NORM ? factor(sums[i]) : of_all;
    return factors;
}

template <class Rule>
void move_all(const StriateStep& step, const std::vector<Piece>& pieces, const std::vector<float>& factors) {
    for_pieces(step, pieces, [&](int i) {
        move_piece<Rule>(step, pieces[i], factors.empty() ? 1.0f : factors[pieces[i].tensor]);
    });
}

}  // namespace
}  // namespace striate

extern "C" {

int64_t striate_step_bytes(void) { return sizeof(StriateStep); }

void striate_step(const StriateStep* asked) {
    using namespace striate;
    const StriateStep& step = *asked;
    std::vector<Piece> pieces = cut(step);
    if (!step.moves) return for_pieces(step, pieces, [&](int i) { sum_up_piece(step, pieces[i]); });
    std::vector<float> factors;
    if (step.clip == STRIATE_CLIP_NORM || step.clip == STRIATE_CLIP_GLOBAL_NORM) factors = clip_factors(step, pieces);
    if (step.rule == STRIATE_SGD) return move_all<Sgd>(step, pieces, factors);
    if (step.rule == STRIATE_ADAM) return move_all<Adam>(step, pieces, factors);
    move_all<RmsProp>(step, pieces, factors);
}

}  // extern "C"
