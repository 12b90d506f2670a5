#include "sip/transaction/actions.h"

namespace ringwall::sip::transaction {

std::string_view to_string(Timer timer) {
    switch (timer) {
        case Timer::A:
            return "A";
        case Timer::B:
            return "B";
        case Timer::D:
            return "D";
        case Timer::E:
            return "E";
        case Timer::F:
            return "F";
        case Timer::G:
            return "G";
        case Timer::H:
            return "H";
        case Timer::I:
            return "I";
        case Timer::J:
            return "J";
        case Timer::K:
            return "K";
        case Timer::L:
            return "L";
        case Timer::M:
            return "M";
    }
    return "?";
}

std::string_view to_string(TerminationCause cause) {
    switch (cause) {
        case TerminationCause::Normal:
            return "normal";
        case TerminationCause::Timeout:
            return "timeout";
        case TerminationCause::TransportError:
            return "transport-error";
    }
    return "?";
}

}  // namespace ringwall::sip::transaction
