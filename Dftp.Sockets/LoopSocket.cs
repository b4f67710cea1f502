using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Sockets;

/// <summary>
/// A connected socket whose waits end on an <see cref="EventLoop"/>; without epoll, on the framework's. It has one reader and one writer at
/// a time. Continuations of waits run inline on the loop's thread.
/// </summary>
public sealed class LoopSocket : IDisposable
{
    private readonly EventLoop? _loop = EventLoop.IsAvailable ? EventLoop.ForAnother() : null;
    private readonly Readiness _readable = new();
    private readonly Readiness _writable = new();
    private readonly Action? _ending;
    private readonly Action? _broken;
    private volatile bool _isEnding;

    /// <summary>Continues on a thread of the loop at the next dispatch.</summary>
    private Action? _onLoop;

    private int _isDisposed;

    /// <summary>The last read returned all that had arrived: the next one has to wait for a signal.</summary>
    private bool _isDrained;

    /// <param name="socket">Connected. Owned by this object, and closed when the constructor throws.</param>
    /// <param name="ending">Called once or more, on any thread, when the peer has closed its sending half. It may still read.</param>
    /// <param name="broken">Called once or more, on any thread, when the connection has failed or both sides have closed it.</param>
    /// <exception cref="SocketException">The kernel has no memory for it.</exception>
    public LoopSocket(Socket socket, Action? ending = null, Action? broken = null)
    {
        Socket = socket;
        _ending = ending;
        _broken = broken;
        if (_loop is null) return;
        try
        {
            socket.Blocking = false;
            _loop.Add(this);
        }
        catch (Win32Exception failure)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.NoBufferSpaceAvailable, failure.Message);
        }
    }

    /// <summary>Connects by TCP.</summary>
    /// <param name="to">An address.</param>
    /// <param name="configure">Sets options of the socket before it connects.</param>
    /// <exception cref="SocketException">There is no connection.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    public static async ValueTask<LoopSocket> ConnectAsync(IPEndPoint to, Action<Socket> configure, CancellationToken cancellationToken)
    {
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        LoopSocket? connecting = null;
        try
        {
            configure(socket);
            if (!IsAvailable)
            {
                await socket.ConnectAsync(to, cancellationToken);
                return new LoopSocket(socket);
            }

            // An asynchronous connect of the framework would register the socket with the framework's own loop for good.
            StartConnecting(socket, to);
            connecting = new LoopSocket(socket);
            while (!socket.Poll(0, SelectMode.SelectWrite)) await connecting.WaitWritableAsync(cancellationToken);
            var error = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            if (error != 0) throw new SocketException(error);
            return connecting;
        }
        catch
        {
            connecting?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether waits end on an event loop of this program.</summary>
    public static bool IsAvailable => EventLoop.IsAvailable;

    public Socket Socket { get; }

    /// <summary>Whether the current thread is one of this socket's loop, so that a wait for it needs no other thread.</summary>
    public bool IsOnCurrentLoop => _loop is not null && _loop == EventLoop.Current;

    internal SafeHandle Handle => Socket.SafeHandle;

    internal long Key { get; set; }

    /// <summary>Whether a read may return bytes without a wait.</summary>
    public bool MayBeReadable
    {
        get
        {
            if (!_isDrained || _isEnding) return true;
            if (!_readable.TryTake()) return false;
            _isDrained = false;
            return true;
        }
    }

    /// <summary>Whether bytes have arrived that nobody has read. False once the socket is closed.</summary>
    public bool HasUnreadBytes
    {
        get
        {
            try
            {
                return Socket.Available > 0;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>Reads what has arrived.</summary>
    /// <param name="buffer">Not empty.</param>
    /// <param name="count">0: the peer has closed its sending half.</param>
    /// <returns>False when nothing has arrived.</returns>
    /// <exception cref="SocketException">The connection has failed.</exception>
    /// <exception cref="ObjectDisposedException">The socket was closed.</exception>
    public bool TryReceive(Span<byte> buffer, out int count)
    {
        count = Socket.Receive(buffer, SocketFlags.None, out var error);
        _isDrained = count < buffer.Length;
        if (error == SocketError.Success) return true;
        return error == SocketError.WouldBlock ? false : throw new SocketException((int)error);
    }

    /// <summary>Waits until a read is worth a try.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    public ValueTask WaitReadableAsync(CancellationToken cancellationToken = default)
    {
        _isDrained = false;
        return _readable.WaitAsync(cancellationToken);
    }

    /// <summary>Ends the wait of a reader. The reader continues on a thread of the pool, never on the caller's.</summary>
    public void WakeReader()
    {
        ContinueElsewhere();
        _readable.SignalElsewhere();
    }

    /// <summary>
    /// Await it to continue on a thread of the socket's loop: for work that may block, which must not block a thread of the pool. Without a
    /// loop, and once the socket is closed, the current or another thread continues.
    /// </summary>
    public LoopSwitch SwitchToLoop() => new(this);

    /// <summary>Reads the next bytes.</summary>
    /// <returns>0 when the peer has closed its sending half.</returns>
    /// <inheritdoc cref="TryReceive"/>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_loop is null) return Socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
        return MayBeReadable && TryReceive(buffer.Span, out var count) ? new(count) : WaitAndReceiveAsync(buffer, cancellationToken);
    }

    /// <summary>Moves the next bytes into a pipe.</summary>
    /// <param name="pipe">The write end of an empty pipe.</param>
    /// <param name="most">Bytes, at least 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>0 when the peer has closed its sending half.</returns>
    /// <inheritdoc cref="TryReceive"/>
    public ValueTask<int> FillAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken = default) =>
        MayBeReadable && Splice.Move(Handle, pipe, most) is >= 0 and var count
            ? new(count)
            : WaitAndFillAsync(pipe, most, cancellationToken);

    /// <summary>Sends bytes from a pipe, after a wait for room if there is none.</summary>
    /// <param name="pipe">The read end of a pipe that holds <paramref name="most"/> bytes or more.</param>
    /// <param name="most">Bytes, at least 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The number of bytes, at least 1.</returns>
    /// <inheritdoc cref="TryReceive"/>
    public ValueTask<int> DrainAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken = default) =>
        Splice.Move(pipe, Handle, most) is > 0 and var count ? new(count) : WaitAndDrainAsync(pipe, most, cancellationToken);

    /// <summary>Sends as much as there is room for.</summary>
    /// <returns>The number of bytes; 0: there is no room.</returns>
    /// <inheritdoc cref="TryReceive"/>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        var sent = Socket.Send(bytes, SocketFlags.None, out var error);
        return error is SocketError.Success or SocketError.WouldBlock ? sent : throw new SocketException((int)error);
    }

    /// <summary>Waits until there is room for more.</summary>
    /// <inheritdoc cref="WaitReadableAsync"/>
    public ValueTask WaitWritableAsync(CancellationToken cancellationToken = default) => _writable.WaitAsync(cancellationToken);

    /// <summary>Lets the other sockets of the loop go first: for a writer that never has to wait for room.</summary>
    public ValueTask YieldAsync(CancellationToken cancellationToken = default)
    {
        // An earlier signal would end the wait at once.
        _writable.TryTake();
        return _loop is not null && _loop.TryRequeue(this, SocketChange.Writable) ? WaitWritableAsync(cancellationToken) : default;
    }

    /// <summary>
    /// Whether bytes that do not fill a segment wait for the next ones, for 200 ms at most (<c>TCP_CORK</c> of tcp(7)): for a
    /// content that is sent in pieces, one right after the other. Switching it off sends them.
    /// </summary>
    public void HoldBackPartialSegments(bool holds)
    {
        if (_loop is null) return;
        try
        {
            TcpOption.Set(Socket, TcpOption.Cork, holds ? 1 : 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection has failed; the next call that sends reports it.
        }
    }

    /// <summary>Sends all bytes, waiting for room as often as needed.</summary>
    /// <inheritdoc cref="TryReceive"/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        if (_loop is not null)
        {
            bytes = bytes[TrySend(bytes.Span)..];
            if (bytes.IsEmpty) return default;
        }

        return SendRestAsync(bytes, cancellationToken);
    }

    /// <summary>Pending waits end on a thread of the pool, and the calls that wait fail.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        _loop?.Remove(this);
        Socket.Dispose();
        ContinueElsewhere();
        _readable.SignalElsewhere();
        _writable.SignalElsewhere();
    }

    internal void ContinueOnLoop(Action continuation)
    {
        Volatile.Write(ref _onLoop, continuation);
        // One that is closed by now has been asked to continue before there was anything to continue.
        if (!_loop!.TryDispatchSoon(this) || Volatile.Read(ref _isDisposed) != 0) ContinueElsewhere();
    }

    internal void OnReady(SocketChange change)
    {
        if ((change & SocketChange.Ending) != 0)
        {
            _isEnding = true;
            _ending?.Invoke();
        }

        if ((change & SocketChange.Broken) != 0) _broken?.Invoke();
        if ((change & SocketChange.Writable) != 0) _writable.Signal();
        if ((change & SocketChange.Readable) != 0) _readable.Signal();
        Interlocked.Exchange(ref _onLoop, null)?.Invoke();
    }

    private void ContinueElsewhere()
    {
        if (Interlocked.Exchange(ref _onLoop, null) is { } continuation)
            ThreadPool.UnsafeQueueUserWorkItem(static continuation => continuation(), continuation, preferLocal: false);
    }

    private static void StartConnecting(Socket socket, IPEndPoint to)
    {
        socket.Blocking = false;
        try
        {
            socket.Connect(to);
        }
        catch (SocketException started) when (started.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // The connection is being made.
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAndReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            await WaitReadableAsync(cancellationToken);
            if (TryReceive(buffer.Span, out var count)) return count;
        }
    }

    private async ValueTask<int> WaitAndFillAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken)
    {
        while (true)
        {
            await WaitReadableAsync(cancellationToken);
            if (Splice.Move(Handle, pipe, most) is >= 0 and var count) return count;
        }
    }

    private async ValueTask<int> WaitAndDrainAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken)
    {
        while (true)
        {
            await WaitWritableAsync(cancellationToken);
            if (Splice.Move(pipe, Handle, most) is > 0 and var count) return count;
        }
    }

    private async ValueTask SendRestAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            if (_loop is null)
            {
                bytes = bytes[await Socket.SendAsync(bytes, SocketFlags.None, cancellationToken)..];
                continue;
            }

            await WaitWritableAsync(cancellationToken);
            bytes = bytes[TrySend(bytes.Span)..];
        }
    }
}
