#include "program.h"
namespace striate {
const Kind kNormalization = {[](const StriateBlock&) { return false; }, [](const StriateBlock&) { return int64_t(0); },
                 [](StriateBlock&, const StriatePass&, Arena&, Arena&) {}, {}, {}, {}, {}, {}, {}};
}
