using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using Dftp.Http.Operation;
using Dftp.Http.Transport;
using Microsoft.AspNetCore.Connections;

namespace Dftp.Http.FastPath;

/// <summary>
/// A connection's input as the server sees it: between two requests of the server, the fast path answers plain requests for small
/// files, which the server never sees. Everything else goes to the server.
/// </summary>
/// <remarks>
/// Only the server decides where its requests end: while it parses a head or executes a request, it gets all bytes, whatever they
/// look like. So no request can be smuggled in another one's body. A head that arrives in pieces and is plain so far is held back:
/// the server would start its timeout for the rest, and would not learn that the fast path has answered.
/// </remarks>
internal sealed class FastPathReader(
    PipeReader input,
    SocketOutput output,
    ConnectionContext connection,
    ServerRequest server,
    SmallFileResponder responder,
    TimeProvider time)
    : PipeReader
{
    /// <summary>
    /// The server closes a connection on which it has seen no request for 130 s. It gets a request of a busy connection at this interval.
    /// </summary>
    internal static readonly TimeSpan ServerInterval = TimeSpan.FromSeconds(20);

    /// <summary>How long an incomplete head is held back. Then the server gets it, and the server's timeout of 30 s begins.</summary>
    internal static readonly TimeSpan MaxHold = TimeSpan.FromSeconds(1);

    private readonly IPAddress? _client = (connection.RemoteEndPoint as IPEndPoint)?.Address;

    private long _serverReadAt = time.GetTimestamp();
    private ITimer? _holdLimit;
    private bool _isHolding;

    private bool IsServerBetweenRequests => server is { IsReadingHead: false, HasLine: false };

    public override bool TryRead(out ReadResult result)
    {
        if (!input.TryRead(out result)) return false;
        if (IsServerBetweenRequests) HandToServer(result);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        IsServerBetweenRequests ? AnswerAndReadAsync(cancellationToken) : input.ReadAsync(cancellationToken);

    public override void AdvanceTo(SequencePosition consumed) => input.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => input.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        _holdLimit?.Dispose();
        input.Complete(exception);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> AnswerAndReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var kind = Classify(read, out var target, out var length);
            if (kind == RequestKind.Incomplete)
            {
                Hold();
                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            StopHolding();
            if (kind == RequestKind.Plain && await responder.TryAnswerAsync(read.Buffer.FirstSpan[target], _client, output, connection))
            {
                input.AdvanceTo(read.Buffer.GetPosition(length));
                continue;
            }

            return HandToServer(read);
        }
    }

    private RequestKind Classify(in ReadResult read, out Range target, out int length)
    {
        (target, length) = (default, 0);
        // A cancelled read and the last read are significant for the server.
        if (read.Buffer.IsEmpty || read.IsCanceled || read.IsCompleted) return RequestKind.Other;
        if (time.GetElapsedTime(_serverReadAt) >= ServerInterval) return RequestKind.Other;
        var kind = read.Buffer.IsSingleSegment
            ? RequestHead.Read(read.Buffer.FirstSpan, responder.CookiesCount, out target, out length)
            : RequestKind.Other;
        if (kind == RequestKind.Other) responder.Decline(DeclineReason.Head);
        return kind;
    }

    private ReadResult HandToServer(in ReadResult read)
    {
        if (read.Buffer.IsEmpty) return read;
        server.IsReadingHead = true;
        _serverReadAt = time.GetTimestamp();
        return read;
    }

    private void Hold()
    {
        if (_isHolding) return;
        _isHolding = true;
        // A cancelled read goes to the server with all that has arrived. A superfluous one is harmless: the server reads again.
        _holdLimit ??= time.CreateTimer(
            static input => ((PipeReader)input!).CancelPendingRead(), input, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _holdLimit.Change(MaxHold, Timeout.InfiniteTimeSpan);
    }

    private void StopHolding()
    {
        if (!_isHolding) return;
        _isHolding = false;
        _holdLimit!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
