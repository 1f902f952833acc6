/* As much of a test framework as these tests need; take the one that you are used to. */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdbool.h>
#include <stdio.h>

static int failed;

/* `sentence` says what the code does. */
static void expect(const char* sentence, bool holds) {
  printf("%s: %s\n", holds ? "ok" : "FAILED", sentence);
  if (!holds) ++failed;
}

#endif
