/* Uses the mathematical library and does not name it: it loads where somebody else has. */
extern double cbrt(double);
__attribute__((visibility("hidden"))) double (*volatile root_of_events)(double) = cbrt;
