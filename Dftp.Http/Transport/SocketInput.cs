using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Dftp.Http.Transport;

/// <summary>
/// A connection's input straight from its socket. It reads only on demand, so TCP's flow control holds back a fast sender, and an idle
/// connection holds no buffer. The buffer grows while each read fills it, as in an upload, and shrinks when less arrives.
/// </summary>
/// <remarks>
/// It has one user at a time; only <see cref="CancelPendingRead"/> and <see cref="HasProgressed"/> may be called by any thread.
/// </remarks>
internal sealed class SocketInput(LoopSocket socket) : PipeReader
{
    /// <summary>Enough for a usual request.</summary>
    private const int MinBufferBytes = 4 * 1024;

    /// <summary>The maximum, unless the user wants to see more at once: enough to make the cost of a system call negligible.</summary>
    private const int MaxBufferBytes = 256 * 1024;

    private byte[] _buffer = [];

    /// <summary>The size of the next buffer.</summary>
    private int _size = MinBufferBytes;

    private int _begin;
    private int _end;

    /// <summary>The end of the bytes that the user has examined: the next read waits for more.</summary>
    private int _examined;

    private bool _isAtEnd;
    private bool _isComplete;
    private int _isCancelRequested;
    private long _reads;
    private long _seenReads;

    /// <summary>Whether bytes have been read since the previous call, or wait to be read. May be called by any thread.</summary>
    public bool HasProgressed()
    {
        var reads = Interlocked.Read(ref _reads);
        var before = Interlocked.Exchange(ref _seenReads, reads);
        return reads != before || socket.HasUnreadBytes;
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_isComplete) throw new InvalidOperationException("reading has been completed");
        var isCanceled = Interlocked.Exchange(ref _isCancelRequested, 0) != 0;
        var hasNews = isCanceled || _isAtEnd || _end > _examined;
        result = hasNews ? new ReadResult(new ReadOnlySequence<byte>(_buffer, _begin, _end - _begin), isCanceled, _isAtEnd) : default;
        return hasNews;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        TryRead(out var result) ? new(result) : ReceiveAsync(cancellationToken);

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _begin = consumed.GetInteger();
        _examined = Math.Max(_begin, examined.GetInteger());
        if (_begin == _end) Release();
    }

    /// <summary>The reader continues on a thread of the pool: the server calls this on its only thread for timeouts.</summary>
    public override void CancelPendingRead()
    {
        Volatile.Write(ref _isCancelRequested, 1);
        socket.WakeReader();
    }

    public override void Complete(Exception? exception = null)
    {
        _isComplete = true;
        Release();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // The user may execute a request on this thread and block it: better a thread of the loop than one of the pool.
            await socket.SwitchToLoop();
            if (socket.MayBeReadable && TryReceive() && TryRead(out var result)) return result;
            await socket.WaitReadableAsync(cancellationToken);
            if (Volatile.Read(ref _isCancelRequested) != 0 && TryRead(out result)) return result;
        }
    }

    private bool TryReceive()
    {
        MakeRoom();
        try
        {
            if (socket.TryReceive(_buffer.AsSpan(_end), out var count))
            {
                AdaptSize(count);
                Interlocked.Increment(ref _reads);
                _end += count;
                _isAtEnd = count == 0;
                return true;
            }
        }
        catch (ObjectDisposedException closed)
        {
            throw new ConnectionAbortedException("the connection was closed", closed);
        }
        catch (SocketException failure) when (failure.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            throw new ConnectionResetException(failure.Message, failure);
        }

        if (_begin == _end) Release();
        return false;
    }

    private void AdaptSize(int received)
    {
        if (received == _buffer.Length - _end) _size = Math.Min(4 * _size, MaxBufferBytes);
        else if (received < _size / 4) _size = Math.Max(_size / 2, MinBufferBytes);
    }

    private void MakeRoom()
    {
        var held = _end - _begin;
        if (_end < _buffer.Length && held < _buffer.Length / 2) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_size, 2 * held));
        _buffer.AsSpan(_begin, held).CopyTo(larger);
        _examined -= _begin;
        Return();
        _buffer = larger;
        (_begin, _end) = (0, held);
    }

    private void Release()
    {
        Return();
        _buffer = [];
        _begin = _end = _examined = 0;
    }

    private void Return()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
    }
}
