// The scripts of the Regional page: what tones and rings are made of.
//
// Those with frequencies are read as they are played (media/tone_script).
//
//   CadScript   S1[;S2]               S = D(on/off[,on/off...])       60(.2/.2,.2/.2,1/4)
//   FreqScript  F@L[,F@L...]          Hz at dBm, up to six            350@-19,440@-19
//   ToneScript  FreqScript;Z1[;Z2]    Z = D(on/off/f[+f...][,...])    350@-19,440@-19;10(*/0/1+2)
//
// Times are seconds, '*' is for ever; up to six segments a section; f counts the frequencies from
// 1, and 0 is none.
#pragma once

#include <string_view>

namespace ringwall::phone {

bool is_cadence_script(std::string_view text);
bool is_frequency_script(std::string_view text);
bool is_tone_script(std::string_view text);
bool is_power_level(std::string_view text);  // dBm, at most one decimal

}  // namespace ringwall::phone
