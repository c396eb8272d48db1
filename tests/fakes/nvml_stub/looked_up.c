/* The calls that only look an answer up. */
#include <stdio.h>
#include <string.h>

#include "scenario.h"

static Return number(int device, const char *function, const char *asked, double *into) {
    const Answer *answer = find(device, function, asked);
    if (!answer && asked[0]) answer = find(device, function, "");
    if (!answer) return NOT_SUPPORTED;
    if (!answer->result) *into = rounded(evaluate(&answer->number, device, now()));
    return answer->result;
}

static Return open_device(const char *function, Handle handle, int *device) {
    Return result = begin(function);
    if (result) return result;
    result = device_of(handle, device);
    return result ? end(), result : SUCCESS;
}

static Return asked_number(const char *function, Handle handle, const char *asked, double *into) {
    int device;
    Return result = open_device(function, handle, &device);
    if (result) return result;
    result = number(device, function, asked, into);
    return end(), result;
}

static Return copied(const Answer *answer, char *into, uint room) {
    if (!answer || (!answer->result && !answer->text)) return NOT_SUPPORTED;
    if (answer->result) return answer->result;
    if (strlen(answer->text) >= room) return INSUFFICIENT_SIZE;
    strcpy(into, answer->text);
    return SUCCESS;
}

static Return text(const char *function, Handle handle, char *into, uint room) {
    int device;
    Return result = open_device(function, handle, &device);
    if (result) return result;
    result = copied(find(device, function, ""), into, room);
    return end(), result;
}

static Return system_text(const char *function, char *into, uint room) {
    Return result = begin(function);
    if (result) return result;
    result = copied(find(-1, function, ""), into, room);
    return end(), result;
}

static Return system_number(const char *function, int *into) {
    Return result = begin(function);
    if (result) return result;
    double found;
    result = number(-1, function, "", &found);
    if (!result) *into = (int)found;
    return end(), result;
}

#define TEXT(function) \
    Return function(Handle handle, char *into, uint room) { return text(#function, handle, into, room); }
#define NUMBER(function, type)                                          \
    Return function(Handle handle, type *into) {                        \
        double found;                                                   \
        Return result = asked_number(#function, handle, "", &found);    \
        if (!result) *into = (type)found;                               \
        return result;                                                  \
    }
#define NUMBER_OF(function, type)                                       \
    Return function(Handle handle, uint of, type *into) {               \
        char asked[32];                                                 \
        double found;                                                   \
        snprintf(asked, sizeof asked, "/%u", of);                       \
        Return result = asked_number(#function, handle, asked, &found); \
        if (!result) *into = (type)found;                               \
        return result;                                                  \
    }
#define TWO_NUMBERS(function)                                           \
    Return function(Handle handle, uint *one, uint *two) {              \
        double first, second;                                           \
        Return result = asked_number(#function, handle, "#0", &first);  \
        if (!result) result = asked_number(#function, handle, "#1", &second); \
        if (!result) *one = (uint)first, *two = (uint)second;           \
        return result;                                                  \
    }

Return nvmlSystemGetDriverVersion(char *into, uint room) { return system_text("nvmlSystemGetDriverVersion", into, room); }
Return nvmlSystemGetNVMLVersion(char *into, uint room) { return system_text("nvmlSystemGetNVMLVersion", into, room); }
Return nvmlSystemGetCudaDriverVersion_v2(int *into) { return system_number("nvmlSystemGetCudaDriverVersion_v2", into); }

TEXT(nvmlDeviceGetName)
TEXT(nvmlDeviceGetUUID)
TEXT(nvmlDeviceGetVbiosVersion)
Return nvmlDeviceGetGspFirmwareVersion(Handle handle, char *into) {
    return text("nvmlDeviceGetGspFirmwareVersion", handle, into, 64);
}

NUMBER(nvmlDeviceGetPowerUsage, uint)
NUMBER(nvmlDeviceGetTotalEnergyConsumption, ull)
NUMBER(nvmlDeviceGetPowerManagementLimit, uint)
NUMBER(nvmlDeviceGetEnforcedPowerLimit, uint)
NUMBER(nvmlDeviceGetPowerManagementDefaultLimit, uint)
NUMBER(nvmlDeviceGetPerformanceState, uint)
NUMBER(nvmlDeviceGetCurrentClocksEventReasons, ull)
NUMBER(nvmlDeviceGetCurrentClocksThrottleReasons, ull)
NUMBER(nvmlDeviceGetSupportedEventTypes, ull)
NUMBER(nvmlDeviceGetNumFans, uint)
NUMBER(nvmlDeviceGetMaxMigDeviceCount, uint)
NUMBER(nvmlDeviceGetCurrPcieLinkGeneration, uint)
NUMBER(nvmlDeviceGetMaxPcieLinkGeneration, uint)
NUMBER(nvmlDeviceGetCurrPcieLinkWidth, uint)
NUMBER(nvmlDeviceGetMaxPcieLinkWidth, uint)
NUMBER_OF(nvmlDeviceGetTemperature, uint)
NUMBER_OF(nvmlDeviceGetTemperatureThreshold, uint)
NUMBER_OF(nvmlDeviceGetClockInfo, uint)
NUMBER_OF(nvmlDeviceGetMaxClockInfo, uint)
NUMBER_OF(nvmlDeviceGetFanSpeed_v2, uint)
NUMBER_OF(nvmlDeviceGetNvLinkState, uint)
TWO_NUMBERS(nvmlDeviceGetEncoderUtilization)
TWO_NUMBERS(nvmlDeviceGetDecoderUtilization)
TWO_NUMBERS(nvmlDeviceGetJpgUtilization)
TWO_NUMBERS(nvmlDeviceGetOfaUtilization)
TWO_NUMBERS(nvmlDeviceGetPowerManagementLimitConstraints)
TWO_NUMBERS(nvmlDeviceGetMigMode)

/* The members of a structure; one that the answer leaves out stays as it was. */

typedef struct { const char *name; void *into; enum { UINT, INT, ULL } type; } Member;

static Return members(const char *function, Handle handle, const char *asked, const Member *wanted, int count) {
    int device;
    Return result = open_device(function, handle, &device);
    if (result) return result;
    const Answer *refusal = find(device, function, asked);
    if (!refusal) refusal = find(device, function, "");
    result = refusal ? refusal->result : NOT_SUPPORTED;
    if (refusal && result) return end(), result;
    for (int i = 0; i < count; i++) {
        char key[96];
        double found;
        snprintf(key, sizeof key, "%s.%s", asked, wanted[i].name);
        const Answer *answer = find(device, function, key);
        if (!answer) continue;
        result = SUCCESS;
        found = rounded(evaluate(&answer->number, device, now()));
        switch (wanted[i].type) {
            case UINT: *(uint *)wanted[i].into = (uint)found; break;
            case INT: *(int *)wanted[i].into = (int)found; break;
            case ULL: *(ull *)wanted[i].into = (ull)found; break;
        }
    }
    return end(), result;
}

#define COUNT(items) ((int)(sizeof(items) / sizeof *(items)))
#define VERSIONED(into, count) ((into)->version == (sizeof *(into) | (uint)(count) << 24))

Return nvmlDeviceGetUtilizationRates(Handle handle, Utilization *into) {
    const Member wanted[] = {{"gpu", &into->gpu, UINT}, {"memory", &into->memory, UINT}};
    return members("nvmlDeviceGetUtilizationRates", handle, "", wanted, COUNT(wanted));
}

Return nvmlDeviceGetMemoryInfo(Handle handle, Memory *into) {
    const Member wanted[] = {{"total", &into->total, ULL}, {"free", &into->free, ULL}, {"used", &into->used, ULL}};
    return members("nvmlDeviceGetMemoryInfo", handle, "", wanted, COUNT(wanted));
}

Return nvmlDeviceGetMemoryInfo_v2(Handle handle, MemoryV2 *into) {
    if (!VERSIONED(into, 2)) return VERSION_MISMATCH;
    const Member wanted[] = {{"total", &into->total, ULL}, {"reserved", &into->reserved, ULL},
                             {"free", &into->free, ULL}, {"used", &into->used, ULL}};
    return members("nvmlDeviceGetMemoryInfo_v2", handle, "", wanted, COUNT(wanted));
}

Return nvmlDeviceGetViolationStatus(Handle handle, uint policy, Violation *into) {
    char asked[32];
    snprintf(asked, sizeof asked, "/%u", policy);
    const Member wanted[] = {{"referenceTime", &into->reference, ULL}, {"violationTime", &into->violation, ULL}};
    return members("nvmlDeviceGetViolationStatus", handle, asked, wanted, COUNT(wanted));
}

Return nvmlDeviceGetMarginTemperature(Handle handle, Margin *into) {
    if (!VERSIONED(into, 1)) return VERSION_MISMATCH;
    const Member wanted[] = {{"marginTemperature", &into->margin, INT}};
    return members("nvmlDeviceGetMarginTemperature", handle, "", wanted, COUNT(wanted));
}

Return nvmlDeviceGetAddressingMode(Handle handle, Versioned *into) {
    if (!VERSIONED(into, 1)) return VERSION_MISMATCH;
    const Member wanted[] = {{"value", &into->value, UINT}};
    return members("nvmlDeviceGetAddressingMode", handle, "", wanted, COUNT(wanted));
}

Return nvmlDeviceGetAttributes_v2(Handle handle, Attributes *into) {
    const Member wanted[] = {
        {"multiprocessorCount", &into->processors, UINT}, {"sharedCopyEngineCount", &into->copy, UINT},
        {"sharedDecoderCount", &into->decoder, UINT}, {"sharedEncoderCount", &into->encoder, UINT},
        {"sharedJpegCount", &into->jpeg, UINT}, {"sharedOfaCount", &into->ofa, UINT},
        {"gpuInstanceSliceCount", &into->gpu_slices, UINT}, {"computeInstanceSliceCount", &into->compute_slices, UINT},
        {"memorySizeMB", &into->megabytes, ULL}};
    return members("nvmlDeviceGetAttributes_v2", handle, "", wanted, COUNT(wanted));
}
