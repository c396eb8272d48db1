/* Opening, and handles: a handle is good for the opening that gave it, and for what was there then. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "scenario.h"

enum { MOST = 256, SHIFT = 12 };

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static int opened;
static uintptr_t generation = 1;
static int found;                /* devices that are no MIG instances */
static char uuids[MOST][96];     /* of all, in the order of the file when NVML was opened */
static int known;

bool is_open(void) { return __atomic_load_n(&opened, __ATOMIC_SEQ_CST) > 0; }

Return nvmlInitWithFlags(uint flags) {
    (void)flags;
    Return result = begin("nvmlInitWithFlags");
    if (result) return result;
    pthread_mutex_lock(&guard);
    result = scenario()->init;
    if (!result && opened++ == 0) {
        found = known = 0;
        for (int i = 0; i < scenario()->devices && known < MOST; i++) {
            memcpy(uuids[known++], scenario()->device[i].uuid, sizeof uuids[0]);
            if (scenario()->device[i].parent < 0) found++;
        }
    }
    pthread_mutex_unlock(&guard);
    return end(), result;
}

Return nvmlShutdown(void) {
    Return result = begin("nvmlShutdown");
    if (result) return result;
    pthread_mutex_lock(&guard);
    if (!opened) result = UNINITIALIZED;
    else if (--opened == 0) generation++;
    pthread_mutex_unlock(&guard);
    return end(), result;
}

const char *nvmlErrorString(Return code) {
    static _Thread_local char words[32];
    if (code == SUCCESS) return "Success";
    snprintf(words, sizeof words, "NVML error %d", code);
    return words;
}

static int device_named(const char *uuid) {
    for (int i = 0; i < scenario()->devices; i++)
        if (!strcmp(scenario()->device[i].uuid, uuid)) return i;
    return -1;
}

bool is_lost(int device) {
    int parent = scenario()->device[device].parent;
    return scenario()->device[parent < 0 ? device : parent].lost_from <= now();
}

Return device_of(Handle handle, int *device) {
    uintptr_t number = (uintptr_t)handle >> 4, place = number & ((1 << SHIFT) - 1);
    if (number >> SHIFT != generation || place >= (uintptr_t)known) return INVALID_ARGUMENT;
    *device = device_named(uuids[place]);
    return *device < 0 || is_lost(*device) ? GPU_IS_LOST : SUCCESS;
}

Return handle_of(int device, Handle *handle) {
    for (int place = 0; place < known; place++)
        if (!strcmp(uuids[place], scenario()->device[device].uuid)) {
            *handle = (Handle)(((generation << SHIFT) | (uintptr_t)place) << 4);
            return SUCCESS;
        }
    return NOT_FOUND;
}

/* The place of the `index`th device that is no instance, or of an instance of `parent`. */
static int place_of(int index, int parent) {
    for (int place = 0; place < known; place++) {
        int device = device_named(uuids[place]);
        int of = device < 0 ? -1 : scenario()->device[device].parent;
        if (of == parent && index-- == 0) return place;
    }
    return -1;
}

static Return handle_at(int place, Handle *handle) {
    if (place < 0) return INVALID_ARGUMENT;
    int device = device_named(uuids[place]);
    if (device < 0 || is_lost(device)) return GPU_IS_LOST;
    return handle_of(device, handle);
}

Return nvmlDeviceGetCount_v2(uint *count) {
    Return result = begin("nvmlDeviceGetCount_v2");
    if (result) return result;
    *count = (uint)found;
    return end(), SUCCESS;
}

Return nvmlDeviceGetHandleByIndex_v2(uint index, Handle *handle) {
    Return result = begin("nvmlDeviceGetHandleByIndex_v2");
    if (result) return result;
    result = index < (uint)found ? handle_at(place_of((int)index, -1), handle) : INVALID_ARGUMENT;
    return end(), result;
}

Return nvmlDeviceGetMigDeviceHandleByIndex(Handle parent, uint index, Handle *handle) {
    Return result = begin("nvmlDeviceGetMigDeviceHandleByIndex");
    if (result) return result;
    int device;
    result = device_of(parent, &device);
    if (!result) {
        int place = place_of((int)index, device);
        result = place < 0 ? NOT_FOUND : handle_at(place, handle);
    }
    return end(), result;
}

static Return number_of(const char *function, Handle handle, uint *number, int (*which)(const Device *)) {
    Return result = begin(function);
    if (result) return result;
    int device;
    result = device_of(handle, &device);
    if (!result) {
        int told = which(&scenario()->device[device]);
        if (told < 0) result = INVALID_ARGUMENT;
        else *number = (uint)told;
    }
    return end(), result;
}

static int gpu_instance(const Device *device) { return device->gpu_instance; }
static int compute_instance(const Device *device) { return device->compute_instance; }

Return nvmlDeviceGetGpuInstanceId(Handle handle, uint *number) {
    return number_of("nvmlDeviceGetGpuInstanceId", handle, number, gpu_instance);
}

Return nvmlDeviceGetComputeInstanceId(Handle handle, uint *number) {
    return number_of("nvmlDeviceGetComputeInstanceId", handle, number, compute_instance);
}
