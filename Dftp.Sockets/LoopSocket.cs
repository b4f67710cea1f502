using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Sockets;

/// <summary>
/// A connected socket whose waits end on the <see cref="EventLoop"/>; where there is none, on the framework's. It has one reader and one
/// writer at a time. What goes on after a wait runs in the loop's own thread.
/// </summary>
public sealed class LoopSocket : IDisposable
{
    private readonly EventLoop? _loop = EventLoop.IsAvailable ? EventLoop.ForAnother() : null;
    private readonly Readiness _readable = new();
    private readonly Readiness _writable = new();
    private readonly Action? _ending;
    private readonly Action? _broken;
    private volatile bool _isEnding;
    private int _isDisposed;

    /// <summary>The last read took all that there was: another is worth its call only after the next signal.</summary>
    private bool _isDrained;

    /// <param name="socket">Connected; owned from now on, and closed when it cannot be had.</param>
    /// <param name="ending">Called once or more, from any thread, when the other side sends nothing more: it may still read.</param>
    /// <param name="broken">Called once or more, from any thread, when the connection has failed or both sides have closed it.</param>
    /// <exception cref="SocketException">The kernel has no room for it.</exception>
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
    /// <param name="configure">Called before.</param>
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

            // By the framework's asynchronous way its own loop would be told of the socket for ever after, too.
            StartConnecting(socket, to);
            connecting = new LoopSocket(socket);
            while (!socket.Poll(0, SelectMode.SelectWrite)) await connecting.WaitWritableAsync(cancellationToken);
            var error = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            if (error != 0) throw new SocketException(error);
            CongestionControl.Unpace(socket);
            return connecting;
        }
        catch
        {
            connecting?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether waits end on a loop of ours.</summary>
    public static bool IsAvailable => EventLoop.IsAvailable;

    /// <summary>Whether what runs in this thread holds up sockets of a loop of ours, or could wait with them.</summary>
    public static bool IsInLoop => EventLoop.Current is not null;

    public Socket Socket { get; }

    /// <summary>Whether what runs in this thread can go on after a wait without another thread.</summary>
    public bool IsOfThisThread => _loop is not null && _loop == EventLoop.Current;

    internal SafeHandle Handle => Socket.SafeHandle;

    internal long Key { get; set; }

    /// <summary>Whether a read may find something without a wait.</summary>
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

    /// <summary>Reads what is there.</summary>
    /// <param name="buffer">Not empty.</param>
    /// <param name="count">0: the other side has closed its half.</param>
    /// <returns>False when nothing is there yet.</returns>
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

    /// <summary>Ends the wait of a reader, and lets it try.</summary>
    public void WakeReader() => _readable.Signal();

    /// <summary>Reads what comes next.</summary>
    /// <returns>0 when the other side has closed its half.</returns>
    /// <inheritdoc cref="TryReceive"/>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_loop is null) return Socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
        return MayBeReadable && TryReceive(buffer.Span, out var count) ? new(count) : WaitAndReceiveAsync(buffer, cancellationToken);
    }

    /// <summary>Moves what comes next into a pipe.</summary>
    /// <param name="pipe">Its write end; the pipe is empty.</param>
    /// <param name="most">Bytes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>0 when the other side has closed its half.</returns>
    /// <inheritdoc cref="TryReceive"/>
    public ValueTask<int> FillAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken = default) =>
        MayBeReadable && Splice.Move(Handle, pipe, most) is >= 0 and var count ? new(count) : WaitAndFillAsync(pipe, most, cancellationToken);

    /// <summary>Sends what a pipe holds, at the other side's pace.</summary>
    /// <param name="pipe">Its read end.</param>
    /// <param name="count">Bytes that it holds.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="TryReceive"/>
    public async ValueTask DrainAsync(SafeFileHandle pipe, int count, CancellationToken cancellationToken = default)
    {
        while (count > 0)
        {
            var moved = Splice.Move(pipe, Handle, count);
            if (moved > 0) count -= moved;
            else await WaitWritableAsync(cancellationToken);
        }
    }

    /// <summary>Sends as much as there is room for.</summary>
    /// <returns>Bytes; 0: there is no room.</returns>
    /// <inheritdoc cref="TryReceive"/>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        var sent = Socket.Send(bytes, SocketFlags.None, out var error);
        return error is SocketError.Success or SocketError.WouldBlock ? sent : throw new SocketException((int)error);
    }

    /// <summary>Waits until there is room for more.</summary>
    /// <inheritdoc cref="WaitReadableAsync"/>
    public ValueTask WaitWritableAsync(CancellationToken cancellationToken = default) => _writable.WaitAsync(cancellationToken);

    /// <summary>
    /// Lets the other sockets of the loop have their turn: for a writer that has kept its thread busy for a while and has more to send.
    /// </summary>
    public ValueTask YieldAsync(CancellationToken cancellationToken = default)
    {
        // An earlier signal would end the wait at once.
        _writable.TryTake();
        return _loop is not null && _loop.TryPutOff(this, SocketChange.Writable) ? WaitWritableAsync(cancellationToken) : default;
    }

    /// <summary>
    /// Whether what does not fill a segment waits for what is sent next, for 200 ms at most (<c>TCP_CORK</c> of tcp(7)): for much that is sent
    /// in pieces, one right after the other. What waits goes out when it is switched off.
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
            // The connection has failed: whatever is sent next says so.
        }
    }

    /// <summary>Sends all, at the other side's pace.</summary>
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

    /// <summary>Whoever waits goes on in another thread, and fails.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        _loop?.Remove(this);
        Socket.Dispose();
        _readable.SignalElsewhere();
        _writable.SignalElsewhere();
    }

    internal void Tell(SocketChange change)
    {
        if ((change & SocketChange.Ending) != 0)
        {
            _isEnding = true;
            _ending?.Invoke();
        }

        if ((change & SocketChange.Broken) != 0) _broken?.Invoke();
        if ((change & SocketChange.Writable) != 0) _writable.Signal();
        if ((change & SocketChange.Readable) != 0) _readable.Signal();
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
            // It goes on.
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
