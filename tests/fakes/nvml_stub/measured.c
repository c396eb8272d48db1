/* Buffers of samples, field values, processes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scenario.h"

static void put(Value *into, int type, double found) {
    switch (type) {
        case 0: into->d = found; break;
        case 2: into->ul = (unsigned long)rounded(found); break;
        case 3: into->ull = (ull)rounded(found); break;
        case 4: into->ll = (long long)rounded(found); break;
        case 5: into->i = (int)rounded(found); break;
        case 6: into->us = (unsigned short)rounded(found); break;
        default: into->ui = (uint)rounded(found);
    }
}

static const Buffer *buffer_of(int device, int kind) {
    const Device *here = &scenario()->device[device];
    for (int i = 0; i < here->buffers; i++)
        if (here->buffer[i].kind == kind) return &here->buffer[i];
    return NULL;
}

static uint recorded(int device, const Buffer *buffer, ull after, Sample *into, uint room) {
    uint count = 0;
    double newest = floor(now() / buffer->period + 1e-9);
    for (double index = newest; index > newest - buffer->depth && count < room; index--) {
        ull at = stamp(index * buffer->period);
        if (at <= after) break;
        double found = rounded(mean(device, buffer->name, (index - 1) * buffer->period, index * buffer->period) *
                               buffer->times);
        if (found == 0 && buffer->dry) continue;
        into[count].stamp = at;
        put(&into[count++].value, buffer->type, found);
    }
    for (uint i = 0; i < count / 2; i++) {
        Sample swapped = into[i];
        into[i] = into[count - 1 - i];
        into[count - 1 - i] = swapped;
    }
    return count;
}

Return nvmlDeviceGetSamples(Handle handle, uint kind, ull after, uint *type, uint *count, Sample *into) {
    Return result = begin("nvmlDeviceGetSamples");
    if (result) return result;
    int device;
    result = device_of(handle, &device);
    const Buffer *buffer = result ? NULL : buffer_of(device, (int)kind);
    if (!result) result = buffer ? buffer->result : NOT_SUPPORTED;
    if (!result) {
        *type = (uint)buffer->type;
        *count = into ? recorded(device, buffer, after, into, *count) : (uint)buffer->depth;
        if (*count == 0) result = NOT_FOUND;
    }
    return end(), result;
}

Return nvmlDeviceGetFieldValues(Handle handle, int count, Field *fields) {
    Return result = begin("nvmlDeviceGetFieldValues");
    if (result) return result;
    int device;
    result = device_of(handle, &device);
    for (int i = 0; !result && i < count; i++) {
        char key[48];
        snprintf(key, sizeof key, "/%u@%u", fields[i].field, fields[i].scope);
        const Answer *answer = find(device, "field", key);
        *strchr(key, '@') = 0;
        if (!answer) answer = find(device, "field", key);
        fields[i].stamp = (long long)stamp(now());
        fields[i].latency = 0;
        fields[i].result = (uint)(answer ? answer->result : NOT_SUPPORTED);
        if (fields[i].result) continue;
        fields[i].type = (uint)answer->type;
        put(&fields[i].value, answer->type, evaluate(&answer->number, device, now()));
    }
    return end(), result;
}

static Return running(const char *function, int kind, Handle handle, uint *count, Process *into) {
    Return result = begin(function);
    if (result) return result;
    int device;
    uint found = 0, room = into ? *count : 0;
    result = device_of(handle, &device);
    if (!result) {
        const Answer *refusal = find(device, "running", "");
        const Device *here = &scenario()->device[device];
        if (refusal) result = refusal->result;
        for (int i = 0; !result && i < here->runnings; i++) {
            const Running *process = &here->running[i];
            if (process->kind != kind) continue;
            if (found++ < room)
                into[found - 1] = (Process){process->pid, process->memory < 0 ? ~0ULL : (ull)process->memory,
                                            process->gpu_instance, process->compute_instance};
        }
        *count = found;
        if (!result && found > room) result = INSUFFICIENT_SIZE;
    }
    return end(), result;
}

Return nvmlDeviceGetComputeRunningProcesses_v3(Handle handle, uint *count, Process *into) {
    return running("nvmlDeviceGetComputeRunningProcesses_v3", 0, handle, count, into);
}

Return nvmlDeviceGetGraphicsRunningProcesses_v3(Handle handle, uint *count, Process *into) {
    return running("nvmlDeviceGetGraphicsRunningProcesses_v3", 1, handle, count, into);
}

static uint share(int device, int process, const char *what) {
    char key[32];
    snprintf(key, sizeof key, "/%d.%s", process, what);
    const Answer *answer = find(device, "process", key);
    return answer ? (uint)rounded(evaluate(&answer->number, device, now())) : 0;
}

Return nvmlDeviceGetProcessUtilization(Handle handle, ProcessSample *into, uint *count, ull after) {
    Return result = begin("nvmlDeviceGetProcessUtilization");
    if (result) return result;
    int device;
    uint found = 0, room = into ? *count : 0;
    const char *function = "nvmlDeviceGetProcessUtilization";
    result = device_of(handle, &device);
    if (!result) {
        const Answer *refusal = find(device, function, ""), *period = find(device, function, ".period");
        result = refusal ? refusal->result : period ? SUCCESS : NOT_SUPPORTED;
        if (!result) {
            const Device *here = &scenario()->device[device];
            double each = period->number.plus;
            ull at = stamp(floor(now() / each + 1e-9) * each);
            for (int i = 0; i < here->runnings && at > after; i++) {
                if (!here->running[i].sampled || found++ >= room) continue;
                into[found - 1] = (ProcessSample){here->running[i].pid, at, share(device, i, "sm"),
                                                  share(device, i, "memory_util"), share(device, i, "enc"),
                                                  share(device, i, "dec")};
            }
            *count = found;
            const Answer *empty = find(device, function, ".empty");
            if (!found) result = empty ? (Return)empty->number.plus : SUCCESS;
            else if (found > room) result = INSUFFICIENT_SIZE;
        }
    }
    return end(), result;
}
