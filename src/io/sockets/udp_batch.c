/*
 * recvmmsg into 256 buffers of one mapping: a page that no datagram ever reached costs nothing. The control data of each
 * datagram (receive time, local address, drops so far) is read once, right after the call.
 */
#include "io/udp_batch.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "io/listen_socket.h"
#include "io/passed_sockets.h"

/* One buffer to the next: not a power of two, so that the first bytes of all of them do not share their cache lines. */
#define BUFFER_STRIDE (UDP_DATAGRAM_MAX + 320)
#define BUFFERS_SIZE ((size_t)UDP_BATCH_MAX * BUFFER_STRIDE)

/* A timestamp, a drop count and the larger of the two local addresses. */
#define CONTROL_SIZE                                                          \
	(CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t)) + \
	    CMSG_SPACE(sizeof(struct in6_pktinfo)))

union control {
	char bytes[CONTROL_SIZE];
	struct cmsghdr align;
};

struct udp_batch {
	int fd;
	struct sockaddr_storage bound;
	char name[LISTEN_SOCKET_NAME_MAX];
	char unlink_path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1]; /* ours; empty: none */
	size_t receive_buffer;

	/* The socket's drop counter, as the kernel keeps it: 32 bits that wrap. */
	uint32_t drops_told; /* up to here by udp_batch_drops() */
	uint32_t drops_carried;
	bool received_since; /* datagrams came since udp_batch_drops(), and carried the counter */

	char *buffers; /* BUFFERS_SIZE, mapped */
	struct mmsghdr messages[UDP_BATCH_MAX];
	struct iovec iov[UDP_BATCH_MAX];
	union control control[UDP_BATCH_MAX];
	struct udp_datagram datagrams[UDP_BATCH_MAX];
	int n_used; /* of the last call: these headers must be set anew */
};

static void
reset_message(struct udp_batch *batch, int i)
{
	batch->messages[i].msg_hdr = (struct msghdr){
		.msg_name = &batch->datagrams[i].from,
		.msg_namelen = sizeof(batch->datagrams[i].from),
		.msg_iov = &batch->iov[i],
		.msg_iovlen = 1,
		.msg_control = &batch->control[i],
		.msg_controllen = sizeof(batch->control[i]),
	};
}

static struct udp_batch *
new_batch(void)
{
	struct udp_batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL)
		return NULL;
	batch->buffers = mmap(NULL, BUFFERS_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (batch->buffers == MAP_FAILED) {
		free(batch);
		return NULL;
	}
	for (int i = 0; i < UDP_BATCH_MAX; i++) {
		batch->iov[i].iov_base = batch->buffers + (size_t)i * BUFFER_STRIDE;
		batch->iov[i].iov_len = UDP_DATAGRAM_MAX;
		reset_message(batch, i);
	}
	return batch;
}

/* The socket is owned from now on, also on failure. */
static struct udp_batch *
adopt(int fd, size_t receive_buffer, char *error, size_t size)
{
	if (listen_socket_set_up(fd, receive_buffer, error, size) < 0) {
		close(fd);
		return NULL;
	}
	struct udp_batch *batch = new_batch();
	if (batch == NULL) {
		snprintf(error, size, "out of memory");
		close(fd);
		return NULL;
	}
	batch->fd = fd;
	batch->receive_buffer = listen_socket_receive_buffer(fd);
	listen_socket_address(fd, &batch->bound);
	listen_socket_name(fd, batch->name, sizeof(batch->name));
	return batch;
}

struct udp_batch *
udp_batch_open(const char *kind, const char *host, uint16_t port, size_t receive_buffer,
    char *error, size_t size)
{
	int fd = listen_socket_open(kind, host, port, error, size);

	if (fd < 0)
		return NULL;
	struct udp_batch *batch = adopt(fd, receive_buffer, error, size);
	if (batch != NULL && batch->bound.ss_family == AF_UNIX && !passed_sockets_has(fd))
		snprintf(batch->unlink_path, sizeof(batch->unlink_path), "%s", host);
	return batch;
}

void
udp_batch_close(struct udp_batch *batch)
{
	if (batch == NULL)
		return;
	if (batch->unlink_path[0] != '\0')
		unlink(batch->unlink_path);
	close(batch->fd);
	munmap(batch->buffers, BUFFERS_SIZE);
	free(batch);
}

int
udp_batch_fd(const struct udp_batch *batch)
{
	return batch->fd;
}

size_t
udp_batch_receive_buffer(const struct udp_batch *batch)
{
	return batch->receive_buffer;
}

const char *
udp_batch_name(const struct udp_batch *batch)
{
	return batch->name;
}

static int64_t
wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The address to answer from: with the port that we are bound to. A multicast group cannot be a source. */
static void
set_local_ip4(
    const struct udp_batch *batch, const struct in_pktinfo *info, struct sockaddr_storage *ret_to)
{
	*(struct sockaddr_in *)ret_to = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr = info->ipi_spec_dst,
		.sin_port = ((const struct sockaddr_in *)&batch->bound)->sin_port,
	};
}

static void
set_local_ip6(
    const struct udp_batch *batch, const struct in6_pktinfo *info, struct sockaddr_storage *ret_to)
{
	const bool link_local = IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr);

	if (IN6_IS_ADDR_MULTICAST(&info->ipi6_addr))
		return;
	*(struct sockaddr_in6 *)ret_to = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_addr = info->ipi6_addr,
		.sin6_port = ((const struct sockaddr_in6 *)&batch->bound)->sin6_port,
		.sin6_scope_id = link_local ? info->ipi6_ifindex : 0,
	};
}

static void
note_drops(struct udp_batch *batch, uint32_t count)
{
	/* A datagram carries the count of when it was queued, which may be older than what was told. */
	if ((int32_t)(count - batch->drops_carried) > 0)
		batch->drops_carried = count;
}

static void
read_control_item(
    struct udp_batch *batch, const struct cmsghdr *cmsg, struct udp_datagram *datagram)
{
	const void *data = CMSG_DATA(cmsg);

	if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_TIMESTAMPNS) {
		struct timespec time;
		memcpy(&time, data, sizeof(time));
		datagram->received_us = (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
	} else if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SO_RXQ_OVFL) {
		uint32_t count;
		memcpy(&count, data, sizeof(count));
		note_drops(batch, count);
	} else if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;
		memcpy(&info, data, sizeof(info));
		set_local_ip4(batch, &info, &datagram->to);
	} else if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;
		memcpy(&info, data, sizeof(info));
		set_local_ip6(batch, &info, &datagram->to);
	}
}

static void
read_datagram(struct udp_batch *batch, int i)
{
	struct udp_datagram *datagram = &batch->datagrams[i];
	struct msghdr *header = &batch->messages[i].msg_hdr;

	datagram->bytes = (struct slice){ batch->iov[i].iov_base, batch->messages[i].msg_len };
	datagram->from_len = header->msg_namelen;
	if (header->msg_namelen == 0)
		datagram->from.ss_family = AF_UNSPEC; /* a Unix socket without a name */
	datagram->to.ss_family = AF_UNSPEC;
	datagram->received_us = 0;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg != NULL;
	     cmsg = CMSG_NXTHDR(header, cmsg))
		read_control_item(batch, cmsg, datagram);
	if (datagram->received_us == 0)
		datagram->received_us = wall_us();
}

int
udp_batch_receive(struct udp_batch *batch)
{
	for (int i = 0; i < batch->n_used; i++)
		reset_message(batch, i);
	batch->n_used = 0;
	int n = recvmmsg(batch->fd, batch->messages, UDP_BATCH_MAX, MSG_DONTWAIT, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++)
		read_datagram(batch, i);
	batch->n_used = n;
	batch->received_since |= n > 0;
	return n;
}

const struct udp_datagram *
udp_batch_get(const struct udp_batch *batch, int i)
{
	return &batch->datagrams[i];
}

/* Of the socket; false: this kernel does not tell. */
static bool
read_memory(const struct udp_batch *batch, uint32_t memory[SK_MEMINFO_VARS])
{
	socklen_t len = SK_MEMINFO_VARS * sizeof(memory[0]);

	return getsockopt(batch->fd, SOL_SOCKET, SO_MEMINFO, memory, &len) == 0 &&
	       len >= (SK_MEMINFO_DROPS + 1) * sizeof(memory[0]);
}

bool
udp_batch_fills_up(const struct udp_batch *batch)
{
	uint32_t memory[SK_MEMINFO_VARS];

	return read_memory(batch, memory) &&
	       memory[SK_MEMINFO_RMEM_ALLOC] > memory[SK_MEMINFO_RCVBUF] / 2;
}

uint64_t
udp_batch_drops(struct udp_batch *batch)
{
	uint32_t memory[SK_MEMINFO_VARS];

	/*
	 * What was dropped after the last datagram is told by no datagram: ask. While datagrams come, their own count
	 * is enough and costs no call.
	 */
	if (!batch->received_since && read_memory(batch, memory))
		note_drops(batch, memory[SK_MEMINFO_DROPS]);
	batch->received_since = false;
	uint32_t drops = batch->drops_carried - batch->drops_told;
	batch->drops_told = batch->drops_carried;
	return drops;
}

/* Puts the source address of an answer into `control`; returns the bytes used. */
static size_t
put_source(const struct sockaddr_storage *from, union control *control)
{
	struct cmsghdr *cmsg = &control->align;

	memset(control, 0, sizeof(*control));
	if (from->ss_family == AF_INET) {
		struct in_pktinfo info = {
			.ipi_spec_dst = ((const struct sockaddr_in *)from)->sin_addr,
		};
		*cmsg = (struct cmsghdr){ CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO };
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
		return CMSG_SPACE(sizeof(info));
	}
	if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)from;
		struct in6_pktinfo info = {
			.ipi6_addr = sin6->sin6_addr,
			.ipi6_ifindex = sin6->sin6_scope_id,
		};
		*cmsg = (struct cmsghdr){ CMSG_LEN(sizeof(info)), IPPROTO_IPV6, IPV6_PKTINFO };
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
		return CMSG_SPACE(sizeof(info));
	}
	return 0;
}

int
udp_batch_send(struct udp_batch *batch, struct slice bytes, const struct sockaddr_storage *to,
    socklen_t to_len, const struct sockaddr_storage *from)
{
	union control control;
	struct iovec iov = { (void *)(uintptr_t)bytes.data, bytes.len };
	struct msghdr header = {
		.msg_name = (void *)(uintptr_t)to,
		.msg_namelen = to_len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};

	header.msg_controllen = put_source(from, &control);
	header.msg_control = header.msg_controllen > 0 ? &control : NULL;
	if (sendmsg(batch->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}
