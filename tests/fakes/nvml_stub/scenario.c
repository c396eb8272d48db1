#define _GNU_SOURCE
#include "scenario.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static Scenario current;
static struct stat seen;

const Scenario *scenario(void) { return &current; }

double rounded(double value) { return floor(value + 0.5); }

double now(void) {
    if (current.frozen >= 0) return current.frozen;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9 - current.origin;
}

ull stamp(double at) { return (ull)(current.zero + rounded(at * 1e6)); }

/* The load: the same sums as ragpulse/demo/gpu/load.py makes. */

static int phase_at(const Load *load, double into) {
    int phase = 0;
    while (phase < load->count - 1 && load->ends[phase] <= into) phase++;
    return phase;
}

static double modulo(double value, double by) {
    double rest = fmod(value, by);
    return rest < 0 ? rest + by : rest;
}

static double integral(const Load *load, int name, double seconds) {
    double cycle = load->ends[load->count - 1], into = modulo(seconds, cycle), sum = 0, begun = 0;
    double cycles = rounded((seconds - into) / cycle), whole = 0;
    int phase = phase_at(load, into);
    for (int i = 0; i < load->count; i++) {
        double part = (load->ends[i] - begun) * load->values[i][name];
        if (i < phase) sum += part;
        if (i == phase) sum += (into - begun) * load->values[i][name];
        whole += part;
        begun = load->ends[i];
    }
    return cycles * whole + sum;
}

static double total(const Device *device, int load, int name, double at) {
    const Load *here = &device->load[load];
    if (load == 0) return integral(here, name, at - here->since) - integral(here, name, -here->since);
    if (at < here->since) return total(device, load - 1, name, at);
    return total(device, load - 1, name, here->since) + integral(here, name, at - here->since);
}

static double value(const Device *device, int name, double at) {
    int load = device->loads - 1;
    while (load > 0 && at < device->load[load].since) load--;
    const Load *here = &device->load[load];
    return here->values[phase_at(here, modulo(at - here->since, here->ends[here->count - 1]))][name];
}

double mean(int device, int name, double from, double to) {
    const Device *here = &current.device[device];
    if (to <= from) return value(here, name, to);
    int load = here->loads - 1;
    return (total(here, load, name, to) - total(here, load, name, from)) / (to - from);
}

double evaluate(const Number *number, int device, double at) {
    double found = 1;
    const Device *here = device < 0 ? NULL : &current.device[device];
    switch (number->how) {
        case CONSTANT: return number->plus;
        case NOW: found = value(here, number->name, at); break;
        case MEAN: found = mean(device, number->name, at - number->over, at); break;
        case SUM: found = total(here, here->loads - 1, number->name, at); break;
    }
    found = found * number->times + number->plus;
    return number->wrap > 0 ? modulo(found, number->wrap) : found;
}

/* The file. */

static void *grown(void *items, int count, size_t size) {
    void *more = realloc(items, (size_t)(count + 1) * size);
    if (!more) abort();
    memset((char *)more + (size_t)count * size, 0, size);
    return more;
}

#define ADD(items, count) ((items) = grown((items), (count), sizeof *(items)), &(items)[(count)++])

static char *word(char **rest) {
    char *found = strsep(rest, "\t");
    if (!found) {
        fprintf(stderr, "nvml stub: a line of the scenario ends too early\n");
        abort();
    }
    return found;
}

static double real(char **rest) { return strtod(word(rest), NULL); }
static int integer(char **rest) { return (int)strtol(word(rest), NULL, 10); }

static int name_of(Scenario *into, const char *name) {
    for (int i = 0; i < into->names; i++)
        if (!strcmp(into->name[i], name)) return i;
    *ADD(into->name, into->names) = strdup(name);
    return into->names - 1;
}

static void read_answer(Scenario *into, char *rest) {
    Answer *answer = ADD(into->answer, into->answers);
    answer->key = strdup(word(&rest));
    answer->type = integer(&rest);
    const char *how = word(&rest);
    if (!strcmp(how, "error")) {
        answer->result = integer(&rest);
    } else if (!strcmp(how, "text")) {
        answer->text = strdup(word(&rest));
    } else {
        Number *number = &answer->number;
        number->how = !strcmp(how, "now") ? NOW : !strcmp(how, "mean") ? MEAN : !strcmp(how, "sum") ? SUM : CONSTANT;
        number->name = name_of(into, word(&rest));
        number->times = real(&rest);
        number->plus = real(&rest);
        number->wrap = real(&rest);
        number->over = real(&rest);
    }
}

static void read_device(Scenario *into, char *rest) {
    Device *device = ADD(into->device, into->devices);
    snprintf(device->uuid, sizeof device->uuid, "%s", word(&rest));
    device->parent = integer(&rest);
    device->gpu_instance = integer(&rest);
    device->compute_instance = integer(&rest);
    device->lost_from = real(&rest);
    device->gpm = integer(&rest);
}

/* All names are known before the first phase, for the file has them in its first lines. */
static void read_phase(Scenario *into, char *rest) {
    Device *device = &into->device[into->devices - 1];
    Load *load = &device->load[device->loads - 1];
    int phase = load->count++;
    load->ends = realloc(load->ends, (size_t)load->count * sizeof *load->ends);
    load->values = realloc(load->values, (size_t)load->count * sizeof *load->values);
    load->ends[phase] = (phase ? load->ends[phase - 1] : 0) + real(&rest);
    load->values[phase] = calloc((size_t)into->names + 1, sizeof(double));
    while (rest) {
        int name = name_of(into, word(&rest));
        load->values[phase][name] = real(&rest);
    }
}

static void read_line(Scenario *into, char *rest) {
    const char *what = word(&rest);
    Device *device = into->devices ? &into->device[into->devices - 1] : NULL;
    if (!strcmp(what, "time")) {
        into->zero = real(&rest), into->origin = real(&rest), into->frozen = real(&rest);
    } else if (!strcmp(what, "state")) {
        into->init = integer(&rest), into->fault = integer(&rest);
    } else if (!strcmp(what, "name")) {
        name_of(into, word(&rest));
    } else if (!strcmp(what, "hang")) {
        *ADD(into->hang, into->hangs) = strdup(word(&rest));
    } else if (!strcmp(what, "absent")) {
        *ADD(into->absent, into->absents) = strdup(word(&rest));
    } else if (!strcmp(what, "device")) {
        read_device(into, rest);
    } else if (!strcmp(what, "load")) {
        ADD(device->load, device->loads)->since = real(&rest);
    } else if (!strcmp(what, "phase")) {
        read_phase(into, rest);
    } else if (!strcmp(what, "buffer")) {
        Buffer *buffer = ADD(device->buffer, device->buffers);
        buffer->kind = integer(&rest), buffer->result = integer(&rest), buffer->period = real(&rest);
        buffer->depth = integer(&rest), buffer->dry = integer(&rest), buffer->times = real(&rest);
        buffer->type = integer(&rest), buffer->name = name_of(into, word(&rest));
    } else if (!strcmp(what, "process")) {
        Running *running = ADD(device->running, device->runnings);
        running->kind = integer(&rest), running->pid = (uint)real(&rest), running->memory = real(&rest);
        running->gpu_instance = (uint)real(&rest), running->compute_instance = (uint)real(&rest);
        running->sampled = integer(&rest);
    } else if (!strcmp(what, "event")) {
        Event *event = ADD(into->event, into->events);
        event->at = real(&rest), event->device = integer(&rest);
        event->type = (ull)real(&rest), event->data = (ull)real(&rest);
    } else if (!strcmp(what, "answer")) {
        read_answer(into, rest);
    }
}

static int by_key(const void *one, const void *two) {
    return strcmp(((const Answer *)one)->key, ((const Answer *)two)->key);
}

static void forget(Scenario *old) {
    for (int i = 0; i < old->answers; i++) free(old->answer[i].key), free(old->answer[i].text);
    for (int i = 0; i < old->devices; i++) {
        Device *device = &old->device[i];
        for (int j = 0; j < device->loads; j++) {
            for (int k = 0; k < device->load[j].count; k++) free(device->load[j].values[k]);
            free(device->load[j].values), free(device->load[j].ends);
        }
        free(device->load), free(device->buffer), free(device->running);
    }
    for (int i = 0; i < old->hangs; i++) free(old->hang[i]);
    for (int i = 0; i < old->absents; i++) free(old->absent[i]);
    for (int i = 0; i < old->names; i++) free(old->name[i]);
    free(old->answer), free(old->device), free(old->event), free(old->hang), free(old->absent), free(old->name);
}

static void refresh(void) {
    const char *path = getenv("NVML_STUB_SCENARIO");
    struct stat found;
    if (!path || stat(path, &found)) {
        fprintf(stderr, "nvml stub: NVML_STUB_SCENARIO names no file\n");
        abort();
    }
    if (found.st_ino == seen.st_ino && found.st_mtim.tv_sec == seen.st_mtim.tv_sec &&
        found.st_mtim.tv_nsec == seen.st_mtim.tv_nsec)
        return;
    pthread_rwlock_wrlock(&lock);
    FILE *file = fopen(path, "r");
    if (file) {
        Scenario fresh = {.frozen = -1};
        char *line = NULL;
        size_t room = 0;
        ssize_t length;
        while ((length = getline(&line, &room, file)) > 0) {
            line[strcspn(line, "\n")] = 0;
            read_line(&fresh, line);
        }
        free(line);
        fclose(file);
        qsort(fresh.answer, (size_t)fresh.answers, sizeof *fresh.answer, by_key);
        forget(&current);
        current = fresh;
        seen = found;
    }
    pthread_rwlock_unlock(&lock);
}

const Answer *find(int device, const char *function, const char *asked) {
    char key[160];
    if (device < 0) snprintf(key, sizeof key, "system %s%s", function, asked);
    else snprintf(key, sizeof key, "%d %s%s", device, function, asked);
    Answer wanted = {.key = key};
    return bsearch(&wanted, current.answer, (size_t)current.answers, sizeof wanted, by_key);
}

static bool among(char **items, int count, const char *item) {
    for (int i = 0; i < count; i++)
        if (!strcmp(items[i], item)) return true;
    return false;
}

Return begin(const char *function) {
    for (;;) {
        refresh();
        pthread_rwlock_rdlock(&lock);
        if (!among(current.hang, current.hangs, function)) break;
        pthread_rwlock_unlock(&lock);
        usleep(2000);
    }
    if (among(current.absent, current.absents, function)) return end(), FUNCTION_NOT_FOUND;
    if (!strncmp(function, "nvmlInit", 8) || !strcmp(function, "nvmlShutdown")) return SUCCESS;
    if (!is_open()) return end(), UNINITIALIZED;
    if (current.fault) return end(), current.fault;
    return SUCCESS;
}

void end(void) { pthread_rwlock_unlock(&lock); }
