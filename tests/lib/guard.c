#define _GNU_SOURCE
#include "guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

char *
guard_put(struct guard *guard, const void *bytes, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t readable = (len + page - 1) / page * page;

	guard->mapped = readable + page;
	guard->base =
	    mmap(NULL, guard->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guard->base == MAP_FAILED || mprotect(guard->base + readable, page, PROT_NONE) != 0)
		abort();
	char *start = guard->base + readable - len;
	if (len > 0)
		memcpy(start, bytes, len);
	return start;
}

void
guard_release(struct guard *guard)
{
	if (guard->base)
		munmap(guard->base, guard->mapped);
	*guard = (struct guard){ 0 };
}
