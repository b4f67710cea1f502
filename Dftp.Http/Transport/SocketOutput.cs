using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Dftp.FileSystem;
using Dftp.Http.Operation;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Transport;

/// <summary>
/// A connection's output straight onto its socket: a flush ends when the kernel has taken every byte. A part of a file can stand for
/// bytes that would otherwise be written; the flush has the kernel send it from where it lies.
/// </summary>
/// <remarks>
/// Like every pipe's writer it has one user at a time. A connection that fails, and a file that does, are never thrown out of a flush,
/// which the server would take for a bug of its own. After the one the flush says that the other side is gone; after the other it
/// leaves the reason in <see cref="FileFailure"/>, and who offered the file ends the connection. Nothing more is sent either way.
/// </remarks>
internal sealed class SocketOutput(ConnectionContext connection, LoopSocket socket) : PipeWriter
{
    /// <summary>The most that one flush takes of a file: the calls around it cost nothing then, and a stop is seen soon.</summary>
    public const int MaxFileBytes = 1024 * 1024;

    /// <summary>Room for the headers of an answer.</summary>
    private const int MinBufferBytes = 4 * 1024;

    /// <summary>What is read and sent at a time where the kernel has no way of its own.</summary>
    private const int CopyBytes = 64 * 1024;

    /// <summary>
    /// Handed out for bytes that the kernel will fetch itself, and for those that nobody is to see. Nobody reads it or writes it, so all connections share it.
    /// </summary>
    private static readonly byte[] StandIn = GC.AllocateUninitializedArray<byte>(MaxFileBytes);

    private readonly Queue<ArraySegment<byte>> _full = new(0);
    private ByteCount? _count;
    private Refusal? _refusal;
    private byte[] _buffer = [];
    private int _used;
    private KernelBytes? _offered;
    private KernelBytes? _taken;
    private bool _isOver;
    private volatile bool _isSending;
    private long _flushes;
    private long _seenFlushes;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _full.Sum(segment => (long)segment.Count) + _used + (_taken?.Length ?? 0);

    /// <summary>Why the file that was offered could not be sent to its end; null while none failed.</summary>
    public IOException? FileFailure { get; private set; }

    /// <summary>
    /// Lets the next memory that is handed out stand for the beginning of a region. Whether it does, <see cref="IsStandIn"/> tells of that
    /// memory: a server that keeps the writing to itself, as for HEAD, hands out other memory, which is to be filled as ever.
    /// </summary>
    /// <param name="region">Its handle stays open until the flush has ended.</param>
    public void Offer(FileRegion region) => _offered = new KernelBytes(region, null, region.Length);

    /// <summary>Lets the next memory stand for what a pipe will hold by the time that the writer advances over just that much.</summary>
    /// <param name="pipe">It stays open until the flush has ended.</param>
    public void Offer(KernelPipe pipe) => _offered = new KernelBytes(default, pipe, KernelPipe.Capacity);

    /// <summary>Takes an offer back that may not have been taken up.</summary>
    public void Withdraw() => _offered = null;

    /// <summary>Whether memory stands for bytes of the region that was offered.</summary>
    public static bool IsStandIn(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out var segment) && ReferenceEquals(segment.Array, StandIn);

    /// <summary>Has what is sent counted, and the server silenced where a refusal asks for it.</summary>
    public void Follow(ByteCount count, Refusal refusal) => (_count, _refusal) = (count, refusal);

    /// <summary>The output of the request's connection, where the body of its response reaches it as it is; otherwise null.</summary>
    public static SocketOutput? Of(HttpContext http) =>
        http.Features.Get<SocketOutput>() is { } output
        && http.Response is { HasStarted: true, ContentLength: not null }
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

    public static IOException BecameShorter() => new EndOfStreamException("the file became shorter while it was sent");

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_refusal is { MutesServer: true }) return StandIn;
        if (_offered is { } offer) return StandIn.AsMemory(0, (int)Math.Min(offer.Length, MaxFileBytes));
        if (_buffer.Length - _used < Math.Max(sizeHint, 1)) MakeRoom(sizeHint);
        return _buffer.AsMemory(_used);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (_refusal is { MutesServer: true }) return;
        if (_offered is { } offer)
        {
            if (_taken is not null) throw new InvalidOperationException("a flush sends one region");
            ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Math.Min(offer.Length, MaxFileBytes));
            _taken = offer with { Length = bytes };
            _offered = null;
            return;
        }

        if (_taken is not null && bytes > 0) throw new InvalidOperationException("a region is the last that a flush sends");
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

    private async ValueTask<FlushResult> FlushAllAsync(CancellationToken cancellationToken)
    {
        // Whatever interrupts the flush leaves the client with a part of it, to which nothing can be added.
        var wasOver = _isOver;
        _isOver = true;
        _isSending = true;
        try
        {
            if (!wasOver && await SendAllAsync(cancellationToken)) _isOver = false;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            connection.Abort(new ConnectionAbortedException("the client has left", e));
        }
        finally
        {
            Discard();
            Interlocked.Increment(ref _flushes);
            _isSending = false;
        }

        // A file that failed is this side's affair: a flush that said that the client is gone would have its request called off first.
        return new FlushResult(isCanceled: false, isCompleted: wasOver || (_isOver && FileFailure is null));
    }

    /// <summary>Sends what the kernel takes of one buffer: most flushes need no more.</summary>
    /// <returns>False when something is left to do.</returns>
    private bool TrySendAtOnce()
    {
        if (_isOver || _full.Count > 0 || _taken is not null || _used == 0) return false;
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

    private async ValueTask<bool> SendAllAsync(CancellationToken cancellationToken)
    {
        while (_full.TryPeek(out var segment))
        {
            await SendAsync(segment, cancellationToken);
            Return(_full.Dequeue().Array!);
        }

        if (_used > 0) await SendAsync(_buffer.AsMemory(0, _used), cancellationToken);
        if (_taken is not { } taken) return true;
        if (taken.Pipe is not { } pipe) return await SendAsync(taken.File with { Length = taken.Length }, cancellationToken);
        await socket.DrainAsync(pipe.ReadEnd, (int)taken.Length, cancellationToken);
        _count?.Add(taken.Length);
        return true;
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await socket.SendAsync(bytes, cancellationToken);
        _count?.Add(bytes.Length);
    }

    /// <returns>False when the file failed.</returns>
    private async ValueTask<bool> SendAsync(FileRegion region, CancellationToken cancellationToken)
    {
        var isByKernel = true;
        while (region.Length > 0)
        {
            var sent = 0;
            switch (isByKernel ? SendFile.Send(socket.Socket, region, out sent) : SendFileResult.Unsupported)
            {
                case SendFileResult.Sent:
                    _count?.Add(sent);
                    break;
                case SendFileResult.SocketIsFull:
                    await socket.WaitWritableAsync(cancellationToken);
                    continue;
                case SendFileResult.Unsupported:
                    isByKernel = false;
                    sent = await SendPieceAsync(region, cancellationToken);
                    break;
                case SendFileResult.EndOfFile:
                    return FileFails(BecameShorter());
                case SendFileResult.DiskFailed:
                    return FileFails(new IOException("the disk could not be read"));
                default:
                    throw new SocketException((int)SocketError.ConnectionReset);
            }

            if (sent == 0) return false;
            region = region with { Offset = region.Offset + sent, Length = region.Length - sent };
        }

        return true;
    }

    /// <returns>0 when the file failed.</returns>
    private async ValueTask<int> SendPieceAsync(FileRegion region, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            var read = Read(region, piece.AsSpan(0, (int)Math.Min(region.Length, CopyBytes)));
            await SendAsync(piece.AsMemory(0, read), cancellationToken);
            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private int Read(FileRegion region, Span<byte> piece)
    {
        try
        {
            var read = RandomAccess.Read(region.Handle, piece, region.Offset);
            if (read == 0) FileFails(BecameShorter());
            return read;
        }
        catch (IOException e)
        {
            FileFails(e);
            return 0;
        }
    }

    private bool FileFails(IOException failure)
    {
        FileFailure = failure;
        return false;
    }

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
        _taken = null;
        _offered = null;
    }

    private static void Return(byte[] buffer)
    {
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>What the kernel is to send: a region of a file, or what a pipe holds.</summary>
    private readonly record struct KernelBytes(FileRegion File, KernelPipe? Pipe, long Length);
}
