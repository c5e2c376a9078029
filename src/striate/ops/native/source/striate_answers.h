// The plain C interface of the last part of a training step: from a network's scores to its loss, the
// loss's gradient and the number of right answers, in one call.
//
// With x the scores of one sample, t its label (as columns, smoothed), N what the mean is over:
//
//     CLASSES   p = softmax(x),   loss = -sum t log p,                       N = batch
//     UNITS     p = sigmoid(x),   loss = -sum (t log p + (1 - t) log(1 - p)), N = batch * units
//
// and the gradient is (p - t) / N in both (times sum t for CLASSES). Where the network itself ends with
// the softmax or sigmoid (`tail`), the loss takes p kept kEdge away from 0 and 1, and a p outside of that
// has no gradient, as the losses of the same names have it.
//
// smoothing s: CLASSES t (1 - s) + s / units (columns only), UNITS t (1 - s) + s / 2. Right is, by the
// labels as they came: CLASSES the first of the largest answers stands where the label is; UNITS a value
// whose answer > threshold where the label is 1 and is not where it is 0. Answers are p with `tail`, else x.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum StriateAnswerKind { STRIATE_CLASSES, STRIATE_UNITS };
enum StriateLabelType { STRIATE_LABEL_INT64, STRIATE_LABEL_INT32, STRIATE_LABEL_UINT8, STRIATE_LABEL_FLOAT };

typedef struct StriateAnswers {
    int32_t kind;
    int32_t tail;
    int32_t columns;         // CLASSES: labels have a column a class; else they are class numbers
    int32_t label_type;
    int32_t batch, units;
    float smoothing;
    float threshold;
    const float* scores;     // (batch, units)
    const void* labels;      // (batch, units), or (batch,) where they are class numbers
    float* answers;          // (batch, units): p; with `tail` only, else null
    float* gradient;         // (batch, units)
    double loss;             // filled: the mean
    int64_t right;           // filled: samples for CLASSES, values for UNITS
} StriateAnswers;

int64_t striate_answers_bytes(void);
// 0, or STRIATE_UNSUPPORTED for a class number without a class; then nothing filled is of use.
int32_t striate_answer(StriateAnswers* answers);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
