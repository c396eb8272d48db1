/* The scenario as the file of $NVML_STUB_SCENARIO tells it at this moment. The file is read anew when it was replaced.

   Whoever reads holds the lock (`begin` ... `end`); nothing that waits holds it. */
#pragma once
#include <stdbool.h>
#include "nvml.h"

typedef enum { NOW, MEAN, SUM, CONSTANT } How;
typedef struct { How how; int name; double times, plus, wrap, over; } Number; /* a constant is its `plus` */

typedef struct {
    char *key;     /* "<device> <function>[/<asked>]...[.<field>|#<result>]" */
    Return result; /* other than SUCCESS: nothing else counts */
    Number number;
    char *text;
    int type; /* of a field: nvmlValueType_t */
} Answer;

typedef struct { double since; int count; double *ends; double **values; } Load; /* values[phase][name] */
typedef struct { int kind; Return result; double period, times; int depth, type, name; bool dry; } Buffer;
typedef struct { int kind; uint pid; double memory; uint gpu_instance, compute_instance; bool sampled; } Running;

typedef struct {
    char uuid[96];
    int parent, gpu_instance, compute_instance; /* -1: none */
    double lost_from;
    bool gpm;
    int loads, buffers, runnings;
    Load *load;
    Buffer *buffer;
    Running *running;
} Device;

typedef struct { double at; int device; ull type, data; } Event;

typedef struct {
    double zero, origin, frozen; /* `frozen` < 0: time passes */
    Return init, fault;
    int devices, answers, events, hangs, absents, names;
    Device *device;
    Answer *answer;
    Event *event;
    char **hang, **absent, **name;
} Scenario;

/* Errors: what the library as a whole answers to `function` now. With SUCCESS the lock is held until `end`. */
Return begin(const char *function);
void end(void);
const Scenario *scenario(void);
double now(void);
ull stamp(double at);

/* `asked`: what stands after the function in the key ("/0/1", ".total", "#1", ""). NULL: nothing is said of it. */
const Answer *find(int device, const char *function, const char *asked);
double evaluate(const Number *number, int device, double at);
double mean(int device, int name, double from, double to);
double rounded(double value);

/* Handles: of a device, as long as NVML is open. Errors: INVALID_ARGUMENT, GPU_IS_LOST. */
Return device_of(Handle handle, int *device);
Return handle_of(int device, Handle *handle);
bool is_lost(int device);
bool is_open(void);
