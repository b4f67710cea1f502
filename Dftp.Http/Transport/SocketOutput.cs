using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Dftp.FileSystem;
using Dftp.Http.Operation;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Transport;

/// <summary>
/// A connection's output straight onto its socket: a flush ends when the kernel has taken every byte. Bodies that the kernel sends
/// by itself bypass the server, which only accounts for them.
/// </summary>
/// <remarks>
/// It has one user at a time. A flush never throws when the connection fails, which the server would take for a bug of its own: its result
/// says that the client is gone. After that, and after anything else that was not sent completely, nothing more is sent.
/// </remarks>
internal sealed class SocketOutput(ConnectionContext connection, LoopSocket socket) : PipeWriter
{
    /// <summary>
    /// A client that reads nothing for this long loses its connection: players pause. It holds for bytes that bypass the server too, which
    /// the server's own limit of the same length does not see.
    /// </summary>
    public static readonly TimeSpan ClientPatience = TimeSpan.FromMinutes(10);

    /// <summary>Enough for the headers of an answer.</summary>
    private const int MinBufferBytes = 4 * 1024;

    /// <summary>
    /// The buffer that the server gets for bytes that bypass it and for those that are dropped. Nobody reads or writes it, so all
    /// connections share it.
    /// </summary>
    private static readonly byte[] PlaceholderBuffer = GC.AllocateUninitializedArray<byte>(SocketSender.MaxPieceBytes);

    private readonly Queue<ArraySegment<byte>> _full = new(0);
    private ByteCount? _count;
    private Refusal? _refusal;
    private byte[] _buffer = [];
    private int _used;
    private bool _isAccounting;
    private bool _isOver;
    private volatile bool _isSending;
    private long _flushes;
    private long _seenFlushes;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _full.Count == 0 ? _used : _full.Sum(segment => (long)segment.Count) + _used;

    /// <summary>Counts what is sent, and drops what the server writes once a refusal says so.</summary>
    public void Instrument(ByteCount count, Refusal refusal) => (_count, _refusal) = (count, refusal);

    /// <summary>The output of the request's connection, if the response body reaches it unmodified; otherwise null.</summary>
    public static SocketOutput? TryGet(HttpContext http) =>
        http.Features.Get<SocketOutput>() is { } output
        && http.Response is { HasStarted: true, ContentLength: not null }
        && !HttpMethods.IsHead(http.Request.Method)
        && (HttpProtocol.IsHttp11(http.Request.Protocol) || HttpProtocol.IsHttp10(http.Request.Protocol))
        && http.Features.Get<IConnectionTransportFeature>()?.Transport.Output == output
            ? output
            : null;

    /// <summary>Whether bytes are being sent, or were since the previous call.</summary>
    public bool HasProgressed()
    {
        var flushes = Interlocked.Read(ref _flushes);
        var before = Interlocked.Exchange(ref _seenFlushes, flushes);
        return _isSending || flushes != before;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_isAccounting || _refusal is { MutesServer: true }) return PlaceholderBuffer;
        if (_buffer.Length - _used < Math.Max(sizeHint, 1)) MakeRoom(sizeHint);
        return _buffer.AsMemory(_used);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (_isAccounting || _refusal is { MutesServer: true }) return;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _buffer.Length - _used);
        _used += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        TrySendAtOnce() ? new(new FlushResult(isCanceled: false, isCompleted: false)) : FlushAllAsync(cancellationToken);

    /// <summary>Bytes in the kernel cannot be withdrawn.</summary>
    public override void CancelPendingFlush() => throw new NotSupportedException("a flush ends with the connection or by its token");

    public override void Complete(Exception? exception = null)
    {
        _isOver = true;
        Discard();
    }

    /// <summary>Makes the server account for bytes that bypassed it: it would take the response for incomplete otherwise.</summary>
    /// <param name="body">The server's writer onto this output.</param>
    /// <param name="count">At most <see cref="SocketSender.MaxPieceBytes"/>.</param>
    public void AccountBypassedBytes(PipeWriter body, int count)
    {
        _isAccounting = true;
        try
        {
            body.GetMemory(count);
            body.Advance(count);
        }
        finally
        {
            _isAccounting = false;
        }
    }

    /// <inheritdoc cref="LoopSocket.SwitchToLoop"/>
    public LoopSwitch SwitchToLoop() => socket.SwitchToLoop();

    /// <summary>A sender for one body that bypasses the server, by the two methods that follow.</summary>
    public SocketSender CreateSender() => new(socket);

    /// <summary>Sends the next bytes of a file. No written bytes wait for a flush.</summary>
    /// <param name="sender">Of <see cref="CreateSender"/>.</param>
    /// <param name="region">All bytes that remain of the body.</param>
    /// <param name="cancellationToken">Ends the wait, and with it the connection's use.</param>
    /// <returns>The number of bytes; null when the client has left.</returns>
    /// <exception cref="IOException">The file could not be read, or became shorter.</exception>
    public ValueTask<int?> SendFileAsync(SocketSender sender, FileRegion region, CancellationToken cancellationToken) => SendToEndAsync(
        static (what, token) => what.Sender.SendFileAsync(what.Region.Handle, what.Region.Offset, what.Region.Length, token),
        (Sender: sender, Region: region),
        cancellationToken);

    /// <summary>Sends the next bytes from the sender's pipe.</summary>
    /// <inheritdoc cref="SendFileAsync"/>
    public ValueTask<int?> DrainAsync(SocketSender sender, CancellationToken cancellationToken) =>
        SendToEndAsync(static (sender, token) => sender.DrainAsync(token), sender, cancellationToken);

    /// <summary>
    /// Sends a connection's last response when the server has finished with the connection, and closes the sending half: a client
    /// that reads to the end has it at once.
    /// </summary>
    /// <exception cref="SocketException">The client has left.</exception>
    /// <exception cref="ObjectDisposedException">The connection is closed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    public async ValueTask SendFinalResponseAsync(ReadOnlyMemory<byte> response, CancellationToken cancellationToken)
    {
        await socket.SendAsync(response, cancellationToken);
        _count?.Add(response.Length);
        socket.Socket.Shutdown(SocketShutdown.Send);
    }

    private async ValueTask<FlushResult> FlushAllAsync(CancellationToken cancellationToken)
    {
        var sent = await SendToEndAsync(static (self, token) => self.SendBuffersAsync(token), this, cancellationToken);
        return new FlushResult(isCanceled: false, isCompleted: sent is null);
    }

    /// <returns>The number of bytes; null when the client has left, now or before.</returns>
    private async ValueTask<int?> SendToEndAsync<T>(
        Func<T, CancellationToken, ValueTask<int>> send, T what, CancellationToken cancellationToken)
    {
        // An interruption leaves the client with a part of the response, to which nothing can be added.
        var wasOver = _isOver;
        _isOver = true;
        _isSending = true;
        try
        {
            if (wasOver) return null;
            var sent = await send(what, cancellationToken);
            _count?.Add(sent);
            _isOver = false;
            return sent;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            connection.Abort(new ConnectionAbortedException("the client has left", e));
            return null;
        }
        finally
        {
            Discard();
            Interlocked.Increment(ref _flushes);
            _isSending = false;
        }
    }

    /// <summary>Sends what the kernel takes of one buffer: most flushes need no more.</summary>
    /// <returns>False when something is left to do.</returns>
    private bool TrySendAtOnce()
    {
        if (_isOver || _full.Count > 0 || _used == 0) return false;
        int sent;
        try
        {
            sent = socket.TrySend(_buffer.AsSpan(0, _used));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The next attempt fails too, and reports it.
            return false;
        }

        _count?.Add(sent);
        if (sent < _used)
        {
            _buffer.AsSpan(sent, _used - sent).CopyTo(_buffer);
            _used -= sent;
            return false;
        }

        Discard();
        Interlocked.Increment(ref _flushes);
        return true;
    }

    private async ValueTask<int> SendBuffersAsync(CancellationToken cancellationToken)
    {
        var sent = 0;
        while (_full.TryPeek(out var segment))
        {
            await socket.SendAsync(segment, cancellationToken);
            sent += segment.Count;
            Return(_full.Dequeue().Array!);
        }

        if (_used > 0) await socket.SendAsync(_buffer.AsMemory(0, _used), cancellationToken);
        return sent + _used;
    }

    private void MakeRoom(int sizeHint)
    {
        if (_used > MinBufferBytes)
        {
            _full.Enqueue(new ArraySegment<byte>(_buffer, 0, _used));
            _buffer = [];
            _used = 0;
        }

        // Headers move to the buffer of the body, so that both go out in one segment.
        var larger = ArrayPool<byte>.Shared.Rent(_used + Math.Max(MinBufferBytes, sizeHint));
        _buffer.AsSpan(0, _used).CopyTo(larger);
        Return(_buffer);
        _buffer = larger;
    }

    /// <summary>An idle connection holds no buffer.</summary>
    private void Discard()
    {
        while (_full.TryDequeue(out var segment)) Return(segment.Array!);
        Return(_buffer);
        _buffer = [];
        _used = 0;
    }

    private static void Return(byte[] buffer)
    {
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
    }
}
