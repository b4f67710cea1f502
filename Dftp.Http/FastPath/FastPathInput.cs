using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using Dftp.Http.Transport;
using Microsoft.AspNetCore.Connections;

namespace Dftp.Http.FastPath;

/// <summary>
/// A connection's input as the server sees it: plain requests for small files are answered before it sees them, all others it reads
/// as ever. What it is given and where it has read to tells where its next request begins; when that is not certain any more, it is given
/// everything from then on.
/// </summary>
internal sealed class FastPathInput(PipeReader input, SocketOutput output, ConnectionContext connection, SmallFiles files, TimeProvider time) : PipeReader
{
    /// <summary>
    /// The server closes a connection on which it has seen no request for 130 s. One that is busy here passes it a request from time to time.
    /// </summary>
    internal static readonly TimeSpan ServerInterval = TimeSpan.FromSeconds(20);

    private readonly IPAddress? _client = (connection.RemoteEndPoint as IPEndPoint)?.Address;

    private State _state = State.BetweenRequests;

    /// <summary>Of the request that the server has been given: bytes that it has not read.</summary>
    private long _left;

    /// <summary>Where what the server was given last begins.</summary>
    private SequencePosition _given;

    private long _gaveAt = time.GetTimestamp();

    private enum State
    {
        BetweenRequests,
        InRequest,
        Unknown,
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!input.TryRead(out result)) return false;
        if (_state == State.BetweenRequests) Examine(result, out _, out _);
        result = Give(result);
        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            if (_state != State.BetweenRequests || !Examine(read, out var target, out var length)
                || !await files.TryAnswerAsync(read.Buffer.FirstSpan[target], _client, output, connection, IsFollowed(read, length)))
            {
                // Answers to requests that came together with this one.
                if (output.UnflushedBytes > 0) await SmallFiles.FlushAsync(output, connection);
                return Give(read);
            }

            _state = State.BetweenRequests;
            input.AdvanceTo(read.Buffer.GetPosition(length));
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var count = consumed.GetInteger() - _given.GetInteger();
        if (_state == State.BetweenRequests && count > 0) _state = State.Unknown;
        if (_state == State.InRequest)
        {
            _left -= count;
            if (_left <= 0) _state = _left == 0 ? State.BetweenRequests : State.Unknown;
        }

        input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => input.Complete(exception);

    /// <summary>Sees which request begins here. Until it is answered it counts as one that the server is given.</summary>
    /// <returns>Whether it may be answered here.</returns>
    private bool Examine(in ReadResult read, out Range target, out int length)
    {
        (target, length) = (default, 0);
        if (read.Buffer.IsEmpty) return false;
        var kind = read.Buffer.IsSingleSegment ? RequestHead.Read(read.Buffer.FirstSpan, out target, out length) : RequestKind.Other;
        if (kind == RequestKind.Incomplete) return false;
        _left = length;
        _state = kind == RequestKind.Other ? State.Unknown : State.InRequest;
        return kind == RequestKind.PlainGet && !read.IsCanceled && !read.IsCompleted && time.GetElapsedTime(_gaveAt) < ServerInterval;
    }

    /// <summary>Whether another request has arrived whole: its answer goes out together with this one's.</summary>
    private static bool IsFollowed(in ReadResult read, int length) => read.Buffer.Length > length && read.Buffer.FirstSpan.EndsWith("\r\n\r\n"u8);

    private ReadResult Give(in ReadResult read)
    {
        _given = read.Buffer.Start;
        _gaveAt = time.GetTimestamp();
        return read;
    }
}
