// Troika's one public header.
#pragma once

#include "runtime/exec/runtime.h"
#include "runtime/exec/task_context.h"
