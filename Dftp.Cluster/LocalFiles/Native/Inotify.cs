using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles.Native;

/// <summary>inotify(7), with the poll(2) and eventfd(2) that waiting for it needs.</summary>
internal static unsafe partial class Inotify
{
    public const uint Modified = 0x2;
    public const uint AttributesChanged = 0x4;
    public const uint ClosedAfterWriting = 0x8;
    public const uint MovedFrom = 0x40;
    public const uint MovedTo = 0x80;
    public const uint Created = 0x100;
    public const uint Deleted = 0x200;
    public const uint SelfDeleted = 0x400;
    public const uint SelfMoved = 0x800;

    /// <summary>The watch was removed: by this process, or with the directory or its file system.</summary>
    public const uint Ignored = 0x8000;
    public const uint Overflow = 0x4000;
    public const uint Unmounted = 0x2000;
    public const uint IsDirectory = 0x40000000;

    private const uint OnlyDirectories = 0x01000000;

    /// <summary>IN_EXCL_UNLINK: writes to a file after its last name was removed are not reported.</summary>
    private const uint ExcludeUnlinked = 0x04000000;

    private const uint Watched = Modified | AttributesChanged | ClosedAfterWriting | MovedFrom | MovedTo | Created | Deleted
        | SelfDeleted | SelfMoved | OnlyDirectories | ExcludeUnlinked;

    // O_NONBLOCK | O_CLOEXEC, the same for inotify_init1 and eventfd on every architecture .NET runs on.
    private const int NonBlocking = 0x800 | 0x80000;

    private const short PollIn = 1;
    private const short PollPriority = 2;

    // struct inotify_event: watch 4, mask 4, cookie 4, length of the name 4, then the name with at least one NUL.
    private const int HeaderSize = 16;

    /// <returns>Null with an error number.</returns>
    public static SafeFileHandle? Open(out int errno) => ToHandle(Init(NonBlocking), out errno);

    /// <summary>A descriptor by which another thread interrupts <see cref="Wait"/>.</summary>
    public static SafeFileHandle? OpenEvent(out int errno) => ToHandle(EventFd(0, NonBlocking), out errno);

    /// <summary>Watches an open directory, whatever its path is.</summary>
    /// <returns>The watch, which is the same for every call on the same directory; or -1 with an error number.</returns>
    public static int Watch(SafeFileHandle inotify, SafeFileHandle directory, out int errno)
    {
        bool inotifyHeld = false, directoryHeld = false;
        try
        {
            inotify.DangerousAddRef(ref inotifyHeld);
            directory.DangerousAddRef(ref directoryHeld);
            var path = stackalloc byte[32];
            var buffer = new Span<byte>(path, 32);
            "/proc/self/fd/"u8.CopyTo(buffer);
            System.Buffers.Text.Utf8Formatter.TryFormat((int)directory.DangerousGetHandle(), buffer[14..], out var written);
            path[14 + written] = 0;
            var watch = AddWatch((int)inotify.DangerousGetHandle(), path, Watched);
            errno = watch < 0 ? Marshal.GetLastPInvokeError() : 0;
            return watch;
        }
        finally
        {
            if (inotifyHeld) inotify.DangerousRelease();
            if (directoryHeld) directory.DangerousRelease();
        }
    }

    public static void Unwatch(SafeFileHandle inotify, int watch) => RemoveWatch(inotify, watch);

    /// <summary>Waits until one of the descriptors is ready.</summary>
    /// <param name="events">The inotify descriptor, ready when it can be read; null for none.</param>
    /// <param name="mounts">
    /// Ready after a change of the mounts (<see cref="MountTable"/>), which this call acknowledges; null for none.
    /// </param>
    /// <param name="stop">The eventfd, ready when it can be read.</param>
    /// <param name="milliseconds">The longest wait; -1 for no limit.</param>
    /// <returns>The descriptors that are ready; none after the timeout.</returns>
    public static (bool Events, bool Mounts, bool Stop) Wait(
        SafeFileHandle? events, SafeFileHandle? mounts, SafeFileHandle stop, int milliseconds)
    {
        bool eventsHeld = false, mountsHeld = false, stopHeld = false;
        try
        {
            events?.DangerousAddRef(ref eventsHeld);
            mounts?.DangerousAddRef(ref mountsHeld);
            stop.DangerousAddRef(ref stopHeld);
            var polled = stackalloc PollFd[3];
            polled[0] = new PollFd { Descriptor = (int)stop.DangerousGetHandle(), Events = PollIn };
            polled[1] = new PollFd { Descriptor = events is null ? -1 : (int)events.DangerousGetHandle(), Events = PollIn };
            polled[2] = new PollFd { Descriptor = mounts is null ? -1 : (int)mounts.DangerousGetHandle(), Events = PollPriority };
            return Poll(polled, 3, milliseconds) > 0
                ? (polled[1].Returned != 0, polled[2].Returned != 0, polled[0].Returned != 0)
                : (false, false, false);
        }
        finally
        {
            if (eventsHeld) events!.DangerousRelease();
            if (mountsHeld) mounts!.DangerousRelease();
            if (stopHeld) stop.DangerousRelease();
        }
    }

    public static void Raise(SafeFileHandle eventDescriptor)
    {
        ulong one = 1;
        Write(eventDescriptor, &one, sizeof(ulong));
    }

    /// <summary>Reads the queued events.</summary>
    /// <returns>Bytes read; 0 when there are none; -1 with an error number.</returns>
    public static int ReadEvents(SafeFileHandle inotify, Span<byte> buffer, out int errno)
    {
        fixed (byte* start = buffer)
        {
            var count = Read(inotify, start, (nuint)buffer.Length);
            errno = count < 0 ? Marshal.GetLastPInvokeError() : 0;
            return errno is Errno.EAGAIN or Errno.EINTR ? 0 : (int)count;
        }
    }

    /// <summary>Removes one event from the front of the buffer.</summary>
    public static ReadOnlySpan<byte> Next(ReadOnlySpan<byte> events, out int watch, out uint mask, out ReadOnlySpan<byte> name)
    {
        watch = MemoryMarshal.Read<int>(events);
        mask = MemoryMarshal.Read<uint>(events[4..]);
        var length = MemoryMarshal.Read<int>(events[12..]);
        name = events.Slice(HeaderSize, length);
        var end = name.IndexOf((byte)0);
        if (end >= 0) name = name[..end];
        return events[(HeaderSize + length)..];
    }

    private static SafeFileHandle? ToHandle(int descriptor, out int errno)
    {
        errno = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int Init(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true)]
    private static partial int AddWatch(int inotify, byte* path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    private static partial int RemoveWatch(SafeFileHandle inotify, int watch);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollFd* descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle descriptor, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle descriptor, void* buffer, nuint size);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
