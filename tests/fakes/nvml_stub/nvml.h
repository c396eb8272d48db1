/* What of NVML's interface the stub speaks: layouts as the binding nvidia-ml-py 13.615 declares them. */
#pragma once

enum {
    SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7,
    TIMEOUT = 10, FUNCTION_NOT_FOUND = 13, GPU_IS_LOST = 15, NO_DATA = 21, VERSION_MISMATCH = 25,
};

typedef int Return;
typedef unsigned int uint;
typedef unsigned long long ull;
typedef struct opaque_device *Handle;
typedef struct event_set *EventSet;
typedef struct gpm_sample *GpmSample;

typedef union { double d; uint ui; unsigned long ul; ull ull; long long ll; int i; unsigned short us; } Value;
typedef struct { ull stamp; Value value; } Sample;
typedef struct { uint field, scope; long long stamp, latency; uint type; uint result; Value value; } Field;
typedef struct { uint gpu, memory; } Utilization;
typedef struct { ull total, free, used; } Memory;
typedef struct { uint version; ull total, reserved, free, used; } MemoryV2;
typedef struct { ull reference, violation; } Violation;
typedef struct { uint version; int margin; } Margin;
typedef struct { uint version, value; } Versioned;
typedef struct { uint processors, copy, decoder, encoder, jpeg, ofa, gpu_slices, compute_slices; ull megabytes; } Attributes;
typedef struct { uint pid; ull memory; uint gpu_instance, compute_instance; } Process;
typedef struct { uint pid; ull stamp; uint sm, memory, encoder, decoder; } ProcessSample;
typedef struct { Handle device; ull type, data; uint gpu_instance, compute_instance; } EventData;
typedef struct { uint id, result; double value; const char *words[3]; } GpmMetric;
enum { GPM_METRICS = 477 };
typedef struct { uint version, count; GpmSample first, second; GpmMetric metrics[GPM_METRICS]; } GpmRequest;
