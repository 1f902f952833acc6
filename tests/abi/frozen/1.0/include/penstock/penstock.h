/* All of the Penstock plugin ABI. */
#ifndef PENSTOCK_PENSTOCK_H
#define PENSTOCK_PENSTOCK_H

#include "arrow.h"
#include "base.h"
#include "call.h"
#include "module.h"
#include "options.h"
#include "sink.h"
#include "source.h"

#endif
