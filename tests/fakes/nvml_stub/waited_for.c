/* What takes two looks or a wait: activity (GPM), events. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

/* Activity between two samples. */

struct gpm_sample { char uuid[96]; double at; };

Return nvmlGpmQueryDeviceSupport(Handle handle, Versioned *into) {
    Return result = begin("nvmlGpmQueryDeviceSupport");
    if (result) return result;
    int device;
    result = into->version == 1 ? device_of(handle, &device) : VERSION_MISMATCH;
    if (!result) {
        const Answer *refusal = find(device, "nvmlGpmQueryDeviceSupport", "");
        into->value = scenario()->device[device].gpm;
        if (!into->value && refusal) result = refusal->result;
    }
    return end(), result;
}

Return nvmlGpmSampleAlloc(GpmSample *sample) {
    Return result = begin("nvmlGpmSampleAlloc");
    if (result) return result;
    *sample = calloc(1, sizeof **sample);
    return end(), *sample ? SUCCESS : 20;
}

Return nvmlGpmSampleFree(GpmSample sample) {
    free(sample);
    return SUCCESS;
}

static void take(GpmSample sample, int device) {
    memcpy(sample->uuid, scenario()->device[device].uuid, sizeof sample->uuid);
    sample->at = now();
}

Return nvmlGpmSampleGet(Handle handle, GpmSample sample) {
    Return result = begin("nvmlGpmSampleGet");
    if (result) return result;
    int device;
    result = device_of(handle, &device);
    if (!result && !scenario()->device[device].gpm) result = NOT_SUPPORTED;
    if (!result) take(sample, device);
    return end(), result;
}

Return nvmlGpmMigSampleGet(Handle handle, uint instance, GpmSample sample) {
    Return result = begin("nvmlGpmMigSampleGet");
    if (result) return result;
    int device;
    result = device_of(handle, &device);
    if (!result) {
        result = NOT_SUPPORTED;
        for (int i = 0; i < scenario()->devices && result; i++) {
            const Device *here = &scenario()->device[i];
            if (here->parent != device || here->gpu_instance != (int)instance || !here->gpm) continue;
            take(sample, i);
            result = SUCCESS;
        }
    }
    return end(), result;
}

Return nvmlGpmMetricsGet(GpmRequest *request) {
    Return result = begin("nvmlGpmMetricsGet");
    if (result) return result;
    const GpmSample first = request->first, second = request->second;
    int device = -1;
    for (int i = 0; i < scenario()->devices; i++)
        if (!strcmp(scenario()->device[i].uuid, first->uuid)) device = i;
    if (request->version != 1) result = VERSION_MISMATCH;
    else if (device < 0 || strcmp(first->uuid, second->uuid)) result = INVALID_ARGUMENT;
    for (uint i = 0; !result && i < request->count; i++) {
        GpmMetric *metric = &request->metrics[i];
        char asked[32];
        snprintf(asked, sizeof asked, "/%u", metric->id);
        const Answer *answer = find(device, "gpm", asked);
        metric->result = (uint)(!answer ? NOT_SUPPORTED : answer->result ? answer->result
                                : second->at <= first->at ? NO_DATA : SUCCESS);
        if (metric->result) continue;
        Number number = answer->number;
        number.over = second->at - first->at;
        metric->value = evaluate(&number, device, second->at);
    }
    return end(), result;
}

/* Events: those that happened after a set was first registered for, in the order of time. */

enum { MOST = 64 };
struct event_set { int count; Handle handles[MOST]; ull types[MOST]; int told; };

static int happened(void) {
    int count = 0;
    while (count < scenario()->events && scenario()->event[count].at <= now()) count++;
    return count;
}

Return nvmlEventSetCreate(EventSet *set) {
    Return result = begin("nvmlEventSetCreate");
    if (result) return result;
    *set = calloc(1, sizeof **set);
    return end(), *set ? SUCCESS : 20;
}

Return nvmlEventSetFree(EventSet set) {
    free(set);
    return SUCCESS;
}

Return nvmlDeviceRegisterEvents(Handle handle, ull types, EventSet set) {
    Return result = begin("nvmlDeviceRegisterEvents");
    if (result) return result;
    int device;
    result = device_of(handle, &device);
    if (!result) {
        const Answer *answer = find(device, "nvmlDeviceGetSupportedEventTypes", "");
        ull supported = answer && !answer->result ? (ull)answer->number.plus : 0;
        if (!supported || types & ~supported) result = NOT_SUPPORTED;
        else if (set->count == MOST) result = INSUFFICIENT_SIZE;
    }
    if (!result) {
        if (!set->count) set->told = happened();
        set->handles[set->count] = handle;
        set->types[set->count++] = types;
    }
    return end(), result;
}

static Return next_event(EventSet set, EventData *into) {
    bool lost = false;
    for (int count = happened(); set->told < count;) {
        const Event *event = &scenario()->event[set->told++];
        for (int i = 0; i < set->count; i++) {
            Handle handle;
            if (handle_of(event->device, &handle) || handle != set->handles[i] || !(event->type & set->types[i])) continue;
            *into = (EventData){handle, event->type, event->data, ~0U, ~0U};
            return SUCCESS;
        }
    }
    for (int i = 0; i < set->count; i++) {
        int device;
        if (device_of(set->handles[i], &device) == GPU_IS_LOST) lost = true;
    }
    return lost ? GPU_IS_LOST : TIMEOUT;
}

Return nvmlEventSetWait_v2(EventSet set, EventData *into, uint milliseconds) {
    struct timespec began, time;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (;;) {
        Return result = begin("nvmlEventSetWait_v2");
        if (result) return result;
        result = next_event(set, into);
        end();
        clock_gettime(CLOCK_MONOTONIC, &time);
        double passed = (double)(time.tv_sec - began.tv_sec) * 1e3 + (double)(time.tv_nsec - began.tv_nsec) / 1e6;
        if (result != TIMEOUT || passed >= milliseconds) return result;
        usleep(2000);
    }
}
