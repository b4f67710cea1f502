using System.Buffers;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Dftp.Cluster.PeerReads;

/// <summary>
/// A connection on which small files of one peer are requested in batches, by pipelining (RFC 9112, section 9.3.2): many clients at once then
/// cost both nodes a fraction of the system calls and context switches. Anything unusual ends the connection, and each waiting request is
/// repeated on a connection of its own: pipelining never makes a read fail.
/// </summary>
internal sealed class PipelinedConnection : IDisposable
{
    /// <summary>What is larger keeps others waiting.</summary>
    public const int MaxFileBytes = 32 * 1024;

    /// <summary>An answer waits for those before it: for a disk that is busy, so many times.</summary>
    private const int MaxUnderWay = 32;

    /// <summary>Between two answers. A disk that has to spin up is left to those that wait for it alone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly PeerConnection _connection;

    /// <summary>Guarded by <see cref="_lock"/>: in the order in which they were asked.</summary>
    private readonly Queue<Waiter> _waiting = new();

    /// <summary>Guarded by <see cref="_lock"/>: waiters that are not in use.</summary>
    private readonly Stack<Waiter> _spare = new();

    /// <summary>Guarded by <see cref="_lock"/>: requests that are to be sent.</summary>
    private byte[] _requests = new byte[PeerResponseHead.MaxBytes * 2];

    private byte[] _sending = new byte[PeerResponseHead.MaxBytes * 2];
    private int _requestBytes;
    private bool _isSending;

    /// <summary>Written under <see cref="_lock"/>, read without where it is only to be known soon.</summary>
    private volatile bool _isOver;

    /// <param name="connection">Owned by this one.</param>
    public PipelinedConnection(PeerConnection connection)
    {
        _connection = connection;
        connection.CloseAfter(PeerConnectionPool.IdleTimeout);
        _ = ReceiveAllAsync();
    }

    public HostPort Address => _connection.Address;

    /// <inheritdoc cref="PeerConnection.IsOnCurrentLoop"/>
    public bool IsOnCurrentLoop => _connection.IsOnCurrentLoop;

    public bool IsOver => _isOver;

    /// <summary>It ended while somebody waited.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Requests all of a small file. Continuations run inline on the thread that reads the answer.</summary>
    /// <returns>Null when the file has to be requested in another way.</returns>
    public ValueTask<PipelinedAnswer?> AskAsync(in PeerRequest request)
    {
        Waiter waiter;
        bool isFirst;
        lock (_lock)
        {
            if (_isOver || _waiting.Count >= MaxUnderWay || _requests.Length - _requestBytes < PeerResponseHead.MaxBytes) return new((PipelinedAnswer?)null);
            _requestBytes += request.Write(_requests.AsSpan(_requestBytes));
            if (!_spare.TryPop(out waiter!)) waiter = new Waiter(this);
            _waiting.Enqueue(waiter);
            isFirst = !_isSending;
            _isSending = true;
        }

        var answer = waiter.Task;
        if (isFirst) _ = SendAllAsync();
        return answer;
    }

    public void Dispose() => End();

    private async Task SendAllAsync()
    {
        try
        {
            while (true)
            {
                // All whose turn it is in this round of the loop add theirs.
                await _connection.YieldAsync();
                int count;
                lock (_lock)
                {
                    if (_requestBytes == 0 || _isOver)
                    {
                        _isSending = false;
                        return;
                    }

                    (_requests, _sending) = (_sending, _requests);
                    (count, _requestBytes) = (_requestBytes, 0);
                }

                _connection.CloseAfter(Patience);
                await _connection.SendAsync(_sending.AsMemory(0, count));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            End();
        }
    }

    private async Task ReceiveAllAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PeerResponseHead.MaxBytes + MaxFileBytes);
        var length = 0;
        try
        {
            while (true)
            {
                var count = await _connection.ReadAsync(buffer.AsMemory(length), CancellationToken.None);
                if (count == 0) return;
                length += count;
                var used = 0;
                while (TakeAnswer(buffer.AsSpan(used, length - used), out var taken)) used += taken;
                if (IsOver) return;
                buffer.AsSpan(used, length - used).CopyTo(buffer);
                length -= used;
                if (length == buffer.Length) return;
                lock (_lock) _connection.CloseAfter(_waiting.Count > 0 ? Patience : PeerConnectionPool.IdleTimeout);
            }
        }
        catch (IOException)
        {
            // The peer closed it, or is away, or took too long.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            End();
        }
    }

    /// <returns>False when there is none yet, or no more will come.</returns>
    private bool TakeAnswer(ReadOnlySpan<byte> arrived, out int length)
    {
        length = 0;
        if (arrived.IsEmpty) return false;
        var outcome = PeerResponseHead.Read(arrived, out var head, out var headBytes);
        if (outcome == HeadOutcome.Incomplete) return false;
        if (outcome == HeadOutcome.Malformed || !head.IsPlain || head.Closes || head.ContentLength > MaxFileBytes)
        {
            End();
            return false;
        }

        length = headBytes + (int)head.ContentLength!.Value;
        if (arrived.Length < length) return false;
        Waiter? waiter;
        lock (_lock)
        {
            if (_isOver) return false;
            _waiting.TryDequeue(out waiter);
        }

        if (waiter is null)
        {
            // Nobody asked for it.
            End();
            return false;
        }

        var body = arrived[headBytes..length];
        var copy = ArrayPool<byte>.Shared.Rent(body.Length);
        body.CopyTo(copy);
        waiter.Answer(new PipelinedAnswer(head, new ArraySegment<byte>(copy, 0, body.Length)));
        return true;
    }

    private void End()
    {
        Waiter[] left;
        lock (_lock)
        {
            _isOver = true;
            left = [.. _waiting];
            HasFailed |= left.Length > 0;
            _waiting.Clear();
        }

        _connection.Dispose();
        foreach (var waiter in left) waiter.Answer(null);
    }

    private void TakeBack(Waiter waiter)
    {
        lock (_lock) _spare.Push(waiter);
    }

    private sealed class Waiter(PipelinedConnection owner) : IValueTaskSource<PipelinedAnswer?>
    {
        private ManualResetValueTaskSourceCore<PipelinedAnswer?> _source;

        public ValueTask<PipelinedAnswer?> Task => new(this, _source.Version);

        public void Answer(PipelinedAnswer? answer) => _source.SetResult(answer);

        public PipelinedAnswer? GetResult(short token)
        {
            var answer = _source.GetResult(token);
            _source.Reset();
            owner.TakeBack(this);
            return answer;
        }

        public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);
    }
}

/// <summary>An answer that has arrived.</summary>
/// <param name="Head">Of a plain answer.</param>
/// <param name="Body">All of it, in an array of the shared pool, whose owner is whoever was answered.</param>
internal readonly record struct PipelinedAnswer(PeerResponseHead Head, ArraySegment<byte> Body);
