using Dftp.Cluster.Connections;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.PeerReads;

/// <summary>
/// A range of a file that is read from a peer. If the peer fails, the next holder of the same content continues at the byte where the peer
/// broke off. Without such a holder the read fails.
/// </summary>
internal sealed class RemoteContent : FileContent, ISpliceSource
{
    /// <summary>A transfer without progress for this time is broken, whatever the state of the connection.</summary>
    private static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(20);

    private readonly GoOn _goOn;
    private readonly TimeProvider _time;
    private readonly ByteRange _range;

    /// <summary>The holders that broke off since the last byte, in order.</summary>
    private readonly List<NodeName> _failed = [];

    private Peer _peer;
    private PeerBody? _body;
    private FileContent? _successor;
    private long _surplus;
    private long _read;

    /// <param name="peer">The holder.</param>
    /// <param name="body">Its response; owned by the content.</param>
    /// <param name="goOn">Opens the rest at another holder.</param>
    /// <param name="time">The clock of timeouts.</param>
    public RemoteContent(Peer peer, PeerBody body, GoOn goOn, TimeProvider time)
    {
        _peer = peer;
        _body = body;
        _range = body.Range;
        _surplus = body.Surplus;
        KnownDigest = body.Digest;
        _goOn = goOn;
        _time = time;
    }

    public override long Length => _range.Length;

    public override ContentDigest? KnownDigest { get; }

    public bool CanFill => _successor is null
        ? _surplus == 0 && _body?.Stream is ISpliceSource { CanFill: true }
        : _successor is ISpliceSource { CanFill: true };

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var wanted = (int)Math.Min(buffer.Length, _range.Length - _read);
        if (wanted == 0) return 0;
        while (_successor is null)
        {
            var (count, failure) = await TryReadAsync(buffer[..wanted], cancellationToken);
            if (failure is null) return Count(count);
            await GoOnAsync(failure, cancellationToken);
        }

        return Count(await _successor.ReadAsync(buffer[..wanted], cancellationToken));
    }

    public async ValueTask<int> FillAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken)
    {
        most = (int)Math.Min(most, _range.Length - _read);
        if (_successor is not null) return Count(await ((ISpliceSource)_successor).FillAsync(pipe, most, cancellationToken));
        var (count, failure) = await TryAsync(
            _body!, (body, token) => ((ISpliceSource)body.Stream).FillAsync(pipe, most, token), cancellationToken);
        if (failure is null) return Count(count);
        await GoOnAsync(failure, cancellationToken);
        return 0;
    }

    public override async ValueTask DisposeAsync()
    {
        _body?.Dispose();
        if (_successor is not null) await _successor.DisposeAsync();
    }

    /// <summary>
    /// Continues with the body of another holder or this node's own copy. Each holder is tried once until a byte arrives.
    /// </summary>
    private async ValueTask GoOnAsync(string failure, CancellationToken cancellationToken)
    {
        _body?.Dispose();
        _body = null;
        _peer.Suspect();
        _peer.PingNow.Raise();
        _failed.Add(_peer.Name);
        var rest = new ByteRange(_range.Offset + _read, _range.Length - _read);
        var next = await _goOn(rest, _failed, cancellationToken)
            ?? throw new FileContentException(
                new FileError(FileErrorKind.Unreachable, $"{_peer.Name} broke off at byte {rest.Offset}: {failure}"));
        if (next is RemoteContent remote) (_peer, _body, _surplus) = (remote._peer, remote._body, remote._surplus);
        else _successor = next;
    }

    private int Count(int count)
    {
        _failed.Clear();
        _read += count;
        return count;
    }

    private async ValueTask<(int Count, string? Failure)> TryReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_body is not { } body) return (0, "it had failed before");
        while (true)
        {
            var isSurplus = _surplus > 0;
            var piece = isSurplus && _surplus < buffer.Length ? buffer[..(int)_surplus] : buffer;
            var (count, failure) = await TryAsync(body, (from, token) => from.Stream.ReadAsync(piece, token), cancellationToken);
            if (failure is not null || !isSurplus) return (count, failure);
            _surplus -= count;
        }
    }

    private async ValueTask<(int Count, string? Failure)> TryAsync(
        PeerBody body, Func<PeerBody, CancellationToken, ValueTask<int>> move, CancellationToken cancellationToken)
    {
        try
        {
            // Most reads complete at once. Only one that waits needs its timeouts.
            var moving = move(body, cancellationToken);
            var count = moving.IsCompleted ? await moving : await WithLimitsAsync(moving.AsTask(), cancellationToken);
            return count > 0 ? (count, null) : (0, "the response is shorter than announced");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (0, "the transfer stalled");
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            return (0, PeerHttp.Reason(error));
        }
    }

    private async Task<int> WithLimitsAsync(Task<int> reading, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(StallTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _peer.Presence, cancellationToken);
        // Closing the connection ends a pending read. The caller may reuse the buffer only after the read has ended.
        await using var end = either.Token.UnsafeRegister(static body => ((PeerBody)body!).Dispose(), _body);
        try
        {
            return await reading;
        }
        catch (Exception error) when (error is not OperationCanceledException && either.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new OperationCanceledException(either.Token);
        }
    }
}

/// <summary>Opens the rest of a file at a holder that has not failed. The last of the failed holders failed just now.</summary>
/// <returns>Null if there is none.</returns>
internal delegate ValueTask<FileContent?> GoOn(ByteRange rest, IReadOnlyList<NodeName> failed, CancellationToken cancellationToken);
