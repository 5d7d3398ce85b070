/*
 * Preloaded into a daemon by tests/integration/check_allocations.c: counts who asks for memory; see tests/lib/allocations.h.
 *
 * The functions stand in for glibc's of the same names, and go on to its own. Children do not inherit it.
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/allocations.h"

#define FRAMES_MAX 24

/* glibc's own, under the names that it exports them by. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct {
	struct allocations *shared; /* NULL: nothing is counted */
	size_t n;
	struct {
		uintptr_t from, to;
		bool passes_on; /* what it asks for is its caller's */
	} objects[ALLOCATIONS_OBJECTS];
	uintptr_t base; /* of the program */
} table;

static _Thread_local bool inside; /* backtrace() asks for memory, too */

static int
note_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *slash = strrchr(info->dlpi_name, '/'),
		   *name = slash ? slash + 1 : info->dlpi_name;

	(void)size;
	(void)arg;
	if (table.n == ALLOCATIONS_OBJECTS - 1)
		return 1;
	const size_t i = table.n++;
	if (i == 0)
		table.base = info->dlpi_addr;
	table.objects[i].from = UINTPTR_MAX;
	for (int p = 0; p < info->dlpi_phnum; p++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[p];
		const uintptr_t from = info->dlpi_addr + part->p_vaddr, to = from + part->p_memsz;
		if (part->p_type != PT_LOAD)
			continue;
		if (from < table.objects[i].from)
			table.objects[i].from = from;
		if (to > table.objects[i].to)
			table.objects[i].to = to;
	}
	table.objects[i].passes_on =
	    strncmp(name, "libc.so", 7) == 0 || strstr(name, "count_allocations");
	strncat(table.shared->objects[i].name, name, sizeof(table.shared->objects[i].name) - 1);
	return 0;
}

static size_t
object_of(const void *address)
{
	const uintptr_t at = (uintptr_t)address;

	for (size_t i = 0; i < table.n; i++)
		if (at >= table.objects[i].from && at < table.objects[i].to)
			return i;
	return ALLOCATIONS_OBJECTS - 1;
}

static void
count_place(const void *caller)
{
	const uint64_t offset = (uintptr_t)caller - table.base;

	for (size_t i = 0; i < ALLOCATIONS_PLACES; i++) {
		struct allocations_place *place = &table.shared->places[i];
		uint64_t none = 0;
		if (place->offset == offset ||
		    __atomic_compare_exchange_n(
			&place->offset, &none, offset, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			__atomic_add_fetch(&place->n, 1, __ATOMIC_RELAXED);
			return;
		}
	}
}

/* The first frame outside of what only passes on. */
static const void *
asker(void)
{
	void *frames[FRAMES_MAX];
	const int n = backtrace(frames, FRAMES_MAX);

	for (int i = 0; i < n; i++) {
		const size_t object = object_of(frames[i]);
		if (!table.objects[object].passes_on)
			return frames[i];
	}
	return NULL;
}

static void
count(const void *caller)
{
	if (!table.shared || inside)
		return;
	inside = true;
	size_t object = object_of(caller);
	if (table.objects[object].passes_on) {
		caller = asker();
		object = object_of(caller);
	}
	__atomic_add_fetch(&table.shared->objects[object].n, 1, __ATOMIC_RELAXED);
	if (object == 0)
		count_place(caller);
	inside = false;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv(ALLOCATIONS_FILE);
	void *frames[1];

	unsetenv("LD_PRELOAD");
	if (!path)
		return;
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	void *shared = mmap(NULL, sizeof(*table.shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (shared == MAP_FAILED)
		return;
	backtrace(frames, 1); /* loads what it needs */
	table.shared = shared;
	inside = true;
	dl_iterate_phdr(note_object, NULL);
	inside = false;
}

void *
malloc(size_t size)
{
	count(__builtin_return_address(0));
	return __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	count(__builtin_return_address(0));
	return __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	count(__builtin_return_address(0));
	return __libc_realloc(old, size);
}

void *
reallocarray(void *old, size_t n, size_t size)
{
	size_t bytes;

	count(__builtin_return_address(0));
	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(old, bytes);
}

void *
memalign(size_t alignment, size_t size)
{
	count(__builtin_return_address(0));
	return __libc_memalign(alignment, size);
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	count(__builtin_return_address(0));
	return __libc_memalign(alignment, size);
}

int
posix_memalign(void **ret, size_t alignment, size_t size)
{
	count(__builtin_return_address(0));
	*ret = __libc_memalign(alignment, size);
	return *ret ? 0 : ENOMEM;
}
