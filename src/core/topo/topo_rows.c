#include "core/topo_rows.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
rows_init(struct rows *rows, size_t row_size)
{
	*rows = (struct rows){ .row_size = (uint32_t)row_size };
}

static void
free_chunks(char **chunks, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		free(chunks[i]);
	free(chunks);
}

void
rows_release(struct rows *rows)
{
	free_chunks(rows->chunks, rows->n_chunks);
	rows_init(rows, rows->row_size);
}

static bool
free_some_chunks(char **chunks, uint32_t *n_chunks, unsigned *n)
{
	for (; *n_chunks > 0 && *n > 0; --*n)
		free(chunks[--*n_chunks]);
	return *n_chunks > 0;
}

bool
rows_release_some(struct rows *rows, unsigned *n)
{
	rows->n = 0;
	if (free_some_chunks(rows->chunks, &rows->n_chunks, n))
		return true;
	rows_release(rows);
	return false;
}

bool
text_pool_release_some(struct text_pool *pool, unsigned *n)
{
	if (free_some_chunks(pool->chunks, &pool->n_chunks, n))
		return true;
	text_pool_release(pool);
	return false;
}

/* Room for one more pointer; the array's size is the power of two that holds n. 0 or -ENOMEM. */
static int
push_chunk(char ***chunks, uint32_t *n, char *chunk)
{
	if ((*n & (*n - 1)) == 0) {
		char **bigger = realloc(*chunks, (*n ? (size_t)*n * 2 : 1) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		*chunks = bigger;
	}
	(*chunks)[(*n)++] = chunk;
	return 0;
}

static int
add_chunk(struct rows *rows)
{
	char *chunk = calloc(ROWS_PER_CHUNK, rows->row_size);

	if (!chunk)
		return -ENOMEM;
	if (push_chunk(&rows->chunks, &rows->n_chunks, chunk) != 0) {
		free(chunk);
		return -ENOMEM;
	}
	rows->last_rows = ROWS_PER_CHUNK;
	return 0;
}

void *
rows_add(struct rows *rows)
{
	if (rows->n >= ROWS_MAX)
		return NULL;
	if (rows->n >> ROWS_SHIFT >= rows->n_chunks && add_chunk(rows) != 0)
		return NULL;
	return rows_at(rows, rows->n++);
}

int
rows_extend(struct rows *rows, uint32_t n)
{
	if (n > ROWS_MAX)
		return -ENOMEM;
	while ((uint64_t)rows->n_chunks * ROWS_PER_CHUNK < n)
		if (add_chunk(rows) != 0)
			return -ENOMEM;
	rows->n = n;
	return 0;
}

void
rows_trim(struct rows *rows)
{
	uint32_t in_last = rows->n & (ROWS_PER_CHUNK - 1);

	if (rows->n_chunks == 0 || in_last == 0)
		return;
	char **last = &rows->chunks[rows->n_chunks - 1];
	char *smaller = realloc(*last, (size_t)in_last * rows->row_size);
	if (!smaller)
		return;
	*last = smaller;
	rows->last_rows = in_last;
}

/* What push_chunk() asked for the pointers to n chunks. */
static size_t
pointer_bytes(uint32_t n)
{
	size_t room = 1;

	while (room < n)
		room *= 2;
	return n ? room * sizeof(char *) : 0;
}

size_t
rows_bytes(const struct rows *rows)
{
	if (rows->n_chunks == 0)
		return 0;
	size_t n_rows = (size_t)(rows->n_chunks - 1) * ROWS_PER_CHUNK + rows->last_rows;
	return n_rows * rows->row_size + pointer_bytes(rows->n_chunks);
}

void
text_pool_init(struct text_pool *pool)
{
	*pool = (struct text_pool){ 0 };
}

void
text_pool_release(struct text_pool *pool)
{
	free_chunks(pool->chunks, pool->n_chunks);
	text_pool_init(pool);
}

/* The first chunk begins with the empty text, so that ref 0 is "". */
static int
add_text_chunk(struct text_pool *pool)
{
	if (pool->n_chunks >= TEXT_CHUNKS_MAX)
		return -ENOMEM;
	char *chunk = malloc(TEXT_CHUNK_SIZE);
	if (!chunk)
		return -ENOMEM;
	chunk[0] = '\0';
	uint32_t used = pool->n_chunks == 0 ? 1 : 0;
	if (push_chunk(&pool->chunks, &pool->n_chunks, chunk) != 0) {
		free(chunk);
		return -ENOMEM;
	}
	pool->used = used;
	pool->last_size = TEXT_CHUNK_SIZE;
	return 0;
}

int
text_pool_add(struct text_pool *pool, struct slice text, uint32_t *ret_ref)
{
	assert(text.len <= TEXT_MAX);
	if (text.len == 0) {
		*ret_ref = 0;
		return 0;
	}
	if (pool->n_chunks == 0 || pool->used + text.len + 1 > TEXT_CHUNK_SIZE)
		if (add_text_chunk(pool) != 0)
			return -ENOMEM;
	char *at = pool->chunks[pool->n_chunks - 1] + pool->used;
	memcpy(at, text.data, text.len);
	at[text.len] = '\0';
	*ret_ref = (pool->n_chunks - 1) << TEXT_CHUNK_SHIFT | pool->used;
	pool->used += (uint32_t)text.len + 1;
	return 0;
}

const char *
text_pool_get(const struct text_pool *pool, uint32_t ref)
{
	if (ref == 0)
		return "";
	return pool->chunks[ref >> TEXT_CHUNK_SHIFT] + (ref & (TEXT_CHUNK_SIZE - 1));
}

void
text_pool_trim(struct text_pool *pool)
{
	if (pool->n_chunks == 0)
		return;
	char **last = &pool->chunks[pool->n_chunks - 1];
	char *smaller = realloc(*last, pool->used);
	if (!smaller)
		return;
	*last = smaller;
	pool->last_size = pool->used;
}

size_t
text_pool_bytes(const struct text_pool *pool)
{
	if (pool->n_chunks == 0)
		return 0;
	return (size_t)(pool->n_chunks - 1) * TEXT_CHUNK_SIZE + pool->last_size +
	       pointer_bytes(pool->n_chunks);
}
