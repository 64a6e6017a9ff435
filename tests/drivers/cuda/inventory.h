// What a program has not given back, for tests that ask after it.
#pragma once

// Of what a program made: contexts that live, and what was left in those that ended, unless an
// error had ended them before. One line each; empty when there is nothing. The text stays until the
// next call. No entry of CUDA's: only a test of this project's looks it up.
extern "C" const char* cuda_emulator_left();
