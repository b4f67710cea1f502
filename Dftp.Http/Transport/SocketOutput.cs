using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Dftp.FileSystem;
using Dftp.Http.Operation;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Http.Transport;

/// <summary>
/// A connection's output straight onto its socket: a flush ends when the kernel has taken every byte. What the kernel can move by itself
/// goes past the server, which only counts it.
/// </summary>
/// <remarks>
/// Like every pipe's writer it has one user at a time. A connection that fails is never thrown out of a flush, which the server would take
/// for a bug of its own: the flush says that the other side is gone. After that, and after anything else that was not sent to its end,
/// nothing more is sent.
/// </remarks>
internal sealed class SocketOutput(ConnectionContext connection, LoopSocket socket) : PipeWriter
{
    /// <summary>The most that goes past the server at a time: the calls around it cost nothing then, and others wait less than a millisecond.</summary>
    public const int MaxPassedBytes = 2 * 1024 * 1024;

    /// <summary>
    /// A client that takes nothing for so long, and not before, loses its connection: players pause. Whoever sends past the server keeps to it,
    /// whose own limit, of the same length, sees nothing of that.
    /// </summary>
    public static readonly TimeSpan ClientPatience = TimeSpan.FromMinutes(10);

    /// <summary>Room for the headers of an answer.</summary>
    private const int MinBufferBytes = 4 * 1024;

    /// <summary>What is read and sent at a time where the kernel has no way of its own.</summary>
    private const int CopyBytes = 64 * 1024;

    /// <summary>
    /// Handed out for bytes that go past the server, and for those that nobody is to see. Nobody reads it or writes it, so all connections share it.
    /// </summary>
    private static readonly byte[] StandIn = GC.AllocateUninitializedArray<byte>(MaxPassedBytes);

    private readonly Queue<ArraySegment<byte>> _full = new(0);
    private ByteCount? _count;
    private Refusal? _refusal;
    private byte[] _buffer = [];
    private int _used;
    private bool _isPassed;
    private bool _isOver;
    private volatile bool _isSending;
    private long _flushes;
    private long _seenFlushes;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _full.Count == 0 ? _used : _full.Sum(segment => (long)segment.Count) + _used;

    /// <summary>Has what is sent counted, and the server silenced where a refusal asks for it.</summary>
    public void Follow(ByteCount count, Refusal refusal) => (_count, _refusal) = (count, refusal);

    /// <summary>The output of the request's connection, where the body of its response reaches it as it is; otherwise null.</summary>
    public static SocketOutput? Of(HttpContext http) =>
        http.Features.Get<SocketOutput>() is { } output
        && http.Response is { HasStarted: true, ContentLength: not null }
        && !HttpMethods.IsHead(http.Request.Method)
        && (HttpProtocol.IsHttp11(http.Request.Protocol) || HttpProtocol.IsHttp10(http.Request.Protocol))
        && http.Features.Get<IConnectionTransportFeature>()?.Transport.Output == output
            ? output
            : null;

    /// <summary>Whether anything is being sent, or was since the last call, for one who looks from time to time.</summary>
    public bool HasMoved()
    {
        var flushes = Interlocked.Read(ref _flushes);
        var before = Interlocked.Exchange(ref _seenFlushes, flushes);
        return _isSending || flushes != before;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_isPassed || _refusal is { MutesServer: true }) return StandIn;
        if (_buffer.Length - _used < Math.Max(sizeHint, 1)) MakeRoom(sizeHint);
        return _buffer.AsMemory(_used);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (_isPassed || _refusal is { MutesServer: true }) return;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _buffer.Length - _used);
        _used += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        TrySendAtOnce() ? new(new FlushResult(isCanceled: false, isCompleted: false)) : FlushAllAsync(cancellationToken);

    /// <summary>What the kernel has begun to take cannot be called back.</summary>
    public override void CancelPendingFlush() => throw new NotSupportedException("a flush ends with the connection or by its token");

    public override void Complete(Exception? exception = null)
    {
        _isOver = true;
        Discard();
    }

    /// <summary>Has the server count bytes that went past it.</summary>
    /// <param name="body">The server's writer onto this output.</param>
    /// <param name="count">At most <see cref="MaxPassedBytes"/>.</param>
    public void CountPassed(PipeWriter body, int count)
    {
        _isPassed = true;
        try
        {
            body.GetMemory(count);
            body.Advance(count);
        }
        finally
        {
            _isPassed = false;
        }
    }

    /// <summary>Sends a part of a file past the server, at the client's pace. Nothing waits for a flush.</summary>
    /// <returns>False when the client has left.</returns>
    /// <exception cref="IOException">The disk failed, or the file became shorter.</exception>
    public ValueTask<bool> PassAsync(FileRegion region, CancellationToken cancellationToken) =>
        SendToEndAsync(static (self, what, token) => self.SendAsync(what, token), region, cancellationToken);

    /// <summary>Sends what a pipe holds, in the same way.</summary>
    /// <param name="pipe">Its read end.</param>
    /// <param name="count">Bytes that it holds.</param>
    /// <inheritdoc cref="PassAsync(FileRegion, CancellationToken)"/>
    public ValueTask<bool> PassAsync(SafeFileHandle pipe, int count, CancellationToken cancellationToken) =>
        SendToEndAsync(static (self, what, token) => self.SendAsync(what.Pipe, what.Count, token), (Pipe: pipe, Count: count), cancellationToken);

    /// <inheritdoc cref="LoopSocket.HoldBackPartialSegments"/>
    public void HoldBackPartialSegments(bool holds) => socket.HoldBackPartialSegments(holds);

    /// <summary>Lets other connections have their turn.</summary>
    public ValueTask YieldAsync(CancellationToken cancellationToken) => socket.YieldAsync(cancellationToken);

    private async ValueTask<FlushResult> FlushAllAsync(CancellationToken cancellationToken)
    {
        var isSent = await SendToEndAsync(static (self, _, token) => self.SendAllAsync(token), 0, cancellationToken);
        return new FlushResult(isCanceled: false, isCompleted: !isSent);
    }

    /// <returns>False when the client has left, now or before.</returns>
    private async ValueTask<bool> SendToEndAsync<T>(Func<SocketOutput, T, CancellationToken, ValueTask> send, T what, CancellationToken cancellationToken)
    {
        // Whatever interrupts it leaves the client with a part of it, to which nothing can be added.
        var wasOver = _isOver;
        _isOver = true;
        _isSending = true;
        try
        {
            if (wasOver) return false;
            await send(this, what, cancellationToken);
            _isOver = false;
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            connection.Abort(new ConnectionAbortedException("the client has left", e));
            return false;
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
            // The next try fails too, and says so.
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

    private async ValueTask SendAllAsync(CancellationToken cancellationToken)
    {
        while (_full.TryPeek(out var segment))
        {
            await SendAsync(segment, cancellationToken);
            Return(_full.Dequeue().Array!);
        }

        if (_used > 0) await SendAsync(_buffer.AsMemory(0, _used), cancellationToken);
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await socket.SendAsync(bytes, cancellationToken);
        _count?.Add(bytes.Length);
    }

    private async ValueTask SendAsync(SafeFileHandle pipe, int count, CancellationToken cancellationToken)
    {
        await socket.DrainAsync(pipe, count, cancellationToken);
        _count?.Add(count);
    }

    private async ValueTask SendAsync(FileRegion region, CancellationToken cancellationToken)
    {
        while (region.Length > 0)
        {
            switch (SendFile.Send(socket.Socket, region, out var sent))
            {
                case SendFileResult.Sent:
                    _count?.Add(sent);
                    break;
                case SendFileResult.SocketIsFull:
                    await socket.WaitWritableAsync(cancellationToken);
                    break;
                case SendFileResult.Unsupported:
                    sent = await SendPieceAsync(region, cancellationToken);
                    break;
                case SendFileResult.EndOfFile:
                    throw BecameShorter();
                case SendFileResult.DiskFailed:
                    throw new IOException("the disk could not be read");
                default:
                    throw new SocketException((int)SocketError.ConnectionReset);
            }

            region = region with { Offset = region.Offset + sent, Length = region.Length - sent };
        }
    }

    private async ValueTask<int> SendPieceAsync(FileRegion region, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            var read = RandomAccess.Read(region.Handle, piece.AsSpan(0, (int)Math.Min(region.Length, CopyBytes)), region.Offset);
            if (read == 0) throw BecameShorter();
            await SendAsync(piece.AsMemory(0, read), cancellationToken);
            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private static EndOfStreamException BecameShorter() => new("the file became shorter while it was sent");

    private void MakeRoom(int sizeHint)
    {
        if (_used > MinBufferBytes)
        {
            _full.Enqueue(new ArraySegment<byte>(_buffer, 0, _used));
            _buffer = [];
            _used = 0;
        }

        // Headers are moved to where the body will stand, so that both go out as one.
        var larger = ArrayPool<byte>.Shared.Rent(_used + Math.Max(MinBufferBytes, sizeHint));
        _buffer.AsSpan(0, _used).CopyTo(larger);
        Return(_buffer);
        _buffer = larger;
    }

    /// <summary>A connection that waits for its next request holds no memory.</summary>
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
