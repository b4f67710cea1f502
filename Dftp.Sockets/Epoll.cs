using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Dftp.Sockets;

/// <summary>Linux' <c>epoll(7)</c>, edge-triggered.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "It lives as long as the process.")]
internal sealed partial class Epoll
{
    // Linux' include/uapi/linux/eventpoll.h.
    private const uint In = 0x001, Out = 0x004, Error = 0x008, HangUp = 0x010, PeerClosed = 0x2000, EdgeTriggered = 1u << 31;
    private const int Add = 1, Modify = 3, CloseOnExec = 0x80000;
    private const int Interrupted = 4;
    private const int MaxBytes = 16;

    /// <summary><c>struct epoll_event</c> is packed on x86 only.</summary>
    private static readonly int KeyOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;

    private readonly SafeHandle _handle;

    public Epoll()
    {
        var descriptor = Create(CloseOnExec);
        if (descriptor < 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
        _handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: true);
    }

    public static bool IsAvailable => OperatingSystem.IsLinux();

    /// <summary>Reports every later change of a socket, once. Closing the socket ends that.</summary>
    /// <exception cref="Win32Exception">The kernel has no memory for it, or watches it already.</exception>
    public void Watch(SafeHandle socket, long key) => Control(Add, socket, key);

    /// <summary>Reports the present state of a watched socket once more, as if it had just changed.</summary>
    /// <exception cref="Win32Exception">The socket is not watched any more.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public void ReportAgain(SafeHandle socket, long key) => Control(Modify, socket, key);

    /// <summary>Takes changes. Several threads may wait; each change goes to one of them.</summary>
    /// <param name="changes">Receives them.</param>
    /// <param name="waits">Whether to wait until there is one.</param>
    /// <returns>The number of changes.</returns>
    public int Wait(Span<ReadySocket> changes, bool waits)
    {
        Span<byte> told = stackalloc byte[MaxBytes * changes.Length];
        int count;
        while ((count = Wait(_handle, ref MemoryMarshal.GetReference(told), changes.Length, waits ? -1 : 0)) < 0)
        {
            if (Marshal.GetLastPInvokeError() is not Interrupted and var error) throw new Win32Exception(error);
        }

        for (var i = 0; i < count; i++)
        {
            var one = told[((KeyOffset + sizeof(long)) * i)..];
            changes[i] = new ReadySocket(
                BinaryPrimitives.ReadInt64LittleEndian(one[KeyOffset..]), ChangeOf(BinaryPrimitives.ReadUInt32LittleEndian(one)));
        }

        return count;
    }

    private void Control(int operation, SafeHandle socket, long key)
    {
        Span<byte> request = stackalloc byte[MaxBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(request, In | Out | PeerClosed | EdgeTriggered);
        BinaryPrimitives.WriteInt64LittleEndian(request[KeyOffset..], key);
        if (Control(_handle, operation, socket, ref MemoryMarshal.GetReference(request)) < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    private static SocketChange ChangeOf(uint events)
    {
        var change = SocketChange.None;
        // A socket that failed counts as both, so that its waiter tries and sees the error.
        if ((events & (In | PeerClosed | Error | HangUp)) != 0) change |= SocketChange.Readable;
        if ((events & (Out | Error | HangUp)) != 0) change |= SocketChange.Writable;
        if ((events & (PeerClosed | Error | HangUp)) != 0) change |= SocketChange.Ending;
        if ((events & (Error | HangUp)) != 0) change |= SocketChange.Broken;
        return change;
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(SafeHandle epoll, int operation, SafeHandle socket, ref byte request);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(SafeHandle epoll, ref byte events, int most, int timeout);
}

/// <param name="Key">The socket's key.</param>
/// <param name="Change">What changed.</param>
internal readonly record struct ReadySocket(long Key, SocketChange Change);

[Flags]
internal enum SocketChange
{
    None = 0,
    Readable = 1,
    Writable = 2,

    /// <summary>The peer has closed its sending half.</summary>
    Ending = 4,

    /// <summary>Both directions are closed, or the socket has an error.</summary>
    Broken = 8,
}
