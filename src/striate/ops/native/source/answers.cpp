// Loss, its gradient and right answers (striate_answers.h), sample by sample:
//
//     for each group of samples (tasks)
//         for each sample: p, loss, gradient, right -> a place of its own
//     sums over the samples, in their order: the same on any number of threads
#include <algorithm>
#include <cmath>

#include "striate.h"
#include "striate_answers.h"
#include "threads.h"

namespace striate {
namespace {

constexpr float kEdge = 1e-7f;
constexpr int kValuesPerTask = 8192;   // less is done sooner than another thread is woken

float label_at(const StriateAnswers& all, int64_t at) {
    switch (all.label_type) {
        case STRIATE_LABEL_INT64: return float(static_cast<const int64_t*>(all.labels)[at]);
        case STRIATE_LABEL_INT32: return float(static_cast<const int32_t*>(all.labels)[at]);
        case STRIATE_LABEL_UINT8: return float(static_cast<const uint8_t*>(all.labels)[at]);
        default: return static_cast<const float*>(all.labels)[at];
    }
}

int64_t class_at(const StriateAnswers& all, int sample) {
    switch (all.label_type) {
        case STRIATE_LABEL_INT64: return static_cast<const int64_t*>(all.labels)[sample];
        case STRIATE_LABEL_INT32: return static_cast<const int32_t*>(all.labels)[sample];
        case STRIATE_LABEL_UINT8: return static_cast<const uint8_t*>(all.labels)[sample];
        default: return -1;   // class numbers are whole numbers
    }
}

struct Result {
    double loss;
    int64_t right;   // -1: the label has no class
};

// The place of the first of the largest; a NaN counts as larger than any number.
template <class Value>
int largest_of(int count, Value&& value) {
    int best = 0;
    for (int i = 1; i < count; i++)
        if (value(i) > value(best) || (std::isnan(value(i)) && !std::isnan(value(best)))) best = i;
    return best;
}

bool is_inside(float p) { return p >= kEdge && p <= 1 - kEdge; }

// Compared in this order a NaN goes through.
float keep_inside(float p) { return p < kEdge ? kEdge : p > 1 - kEdge ? 1 - kEdge : p; }

// exp(x - largest) into `powers`, and their sum.
float exponentials(const float* x, int units, float largest, float* powers) {
    float sum = 0;
    for (int i = 0; i < units; i++) sum += powers[i] = std::exp(x[i] - largest);
    return sum;
}

// -sum t log p with its gradient; `target` gives t of a class. `p` holds the exponentials on entry, the
// softmax afterwards.
template <class Target>
double class_loss(const StriateAnswers& all, const float* x, float largest, float sum, float* p, float* gradient,
                  Target&& target) {
    int units = all.units;
    double loss = 0;
    float whole = 0, log_sum = std::log(sum), total = 0;
    for (int i = 0; i < units; i++) total += p[i] /= sum;
    for (int i = 0; i < units; i++) {
        float t = target(i);
        if (t == 0) continue;
        float share = p[i] / total;
        bool counts = !all.tail || is_inside(share) || std::isnan(share);
        loss -= t * (all.tail ? std::log(keep_inside(share)) : x[i] - largest - log_sum);
        if (counts) whole += t;
    }
    for (int i = 0; i < units; i++) {
        float t = target(i), share = all.tail ? p[i] / total : p[i];
        bool counts = !all.tail || is_inside(share) || std::isnan(share);
        gradient[i] = (share * whole - (counts ? t : 0)) / all.batch;
    }
    return loss;
}

Result measure_classes(const StriateAnswers& all, int sample) {
    int units = all.units;
    int64_t begin = int64_t(sample) * units;
    const float* x = all.scores + begin;
    float* gradient = all.gradient + begin;
    float* p = all.tail ? all.answers + begin : scratch_of<float>(0, units);
    float largest = x[largest_of(units, [&](int i) { return x[i]; })];
    float sum = exponentials(x, units, largest, p);
    const float* shown = all.tail ? p : x;
    int64_t number = 0;
    double loss;
    if (all.columns) {
        float keep = 1 - all.smoothing, spread = all.smoothing / units;
        loss = class_loss(all, x, largest, sum, p, gradient,
                          [&](int i) { return label_at(all, begin + i) * keep + spread; });
        number = largest_of(units, [&](int i) { return label_at(all, begin + i); });
    } else {
        number = class_at(all, sample);
        if (number < 0 || number >= units) return {0, -1};
        loss = class_loss(all, x, largest, sum, p, gradient, [&](int i) { return i == number ? 1.0f : 0.0f; });
    }
    return {loss, largest_of(units, [&](int i) { return shown[i]; }) == number};
}

Result measure_units(const StriateAnswers& all, int sample) {
    Result found = {0, 0};
    float count = float(all.batch) * all.units;
    for (int unit = 0; unit < all.units; unit++) {
        int64_t at = int64_t(sample) * all.units + unit;
        float x = all.scores[at], label = label_at(all, at);
        float t = label * (1 - all.smoothing) + 0.5f * all.smoothing;
        float power = std::exp(-std::fabs(x));
        float p = (x >= 0 ? 1 : power) / (1 + power);
        bool counts = true;
        if (all.tail) {
            float kept = keep_inside(p);
            counts = is_inside(p) || std::isnan(p);
            found.loss -= t * std::log(kept) + (1 - t) * std::log(1 - kept);
            all.answers[at] = p;
        } else {
            found.loss += (x > 0 || std::isnan(x) ? x : 0) - x * t + std::log1p(power);
        }
        all.gradient[at] = counts ? (p - t) / count : 0;
        found.right += float((all.tail ? p : x) > all.threshold) == label;
    }
    return found;
}

}  // namespace
}  // namespace striate

extern "C" int64_t striate_answers_bytes(void) { return sizeof(StriateAnswers); }

extern "C" int32_t striate_answer(StriateAnswers* answers) {
    using namespace striate;
    const StriateAnswers& all = *answers;
    Result* results = scratch_of<Result>(1, all.batch);
    int each = std::max(kValuesPerTask / std::max(all.units, 1), 1);
    parallel((all.batch + each - 1) / each, [&](int task) {
        int end = std::min((task + 1) * each, all.batch);
        for (int sample = task * each; sample < end; sample++)
            results[sample] = all.kind == STRIATE_CLASSES ? measure_classes(all, sample) : measure_units(all, sample);
    });
    double loss = 0;
    int64_t right = 0;
    for (int sample = 0; sample < all.batch; sample++) {
        if (results[sample].right < 0) return STRIATE_UNSUPPORTED;
        loss += results[sample].loss;
        right += results[sample].right;
    }
    answers->loss = loss / (double(all.batch) * (all.kind == STRIATE_CLASSES ? 1 : all.units));
    answers->right = right;
    return STRIATE_OK;
}
