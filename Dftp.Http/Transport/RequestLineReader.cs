using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Dftp.Http.Transport;

/// <summary>
/// The input of an HTTP/1 connection. It repairs request lines that other servers accept and this one rejects
/// (<see cref="RequestLine"/>). Everything else passes unchanged and without a copy.
/// </summary>
/// <remarks>
/// Only the first line of a request may be changed. <see cref="ServerRequest"/> shows whether the server waits for one.
/// </remarks>
internal sealed class RequestLineReader(PipeReader input, ServerRequest server) : PipeReader
{
    /// <summary>
    /// The server has consumed more than empty lines. Needed for the connection's first request, which <see cref="ServerRequest"/>
    /// does not show yet.
    /// </summary>
    private bool _hasConsumed;

    private ReadOnlySequence<byte> _arrived;

    /// <summary>The buffer that the server got instead of <see cref="_arrived"/>; null: it got that. Rented.</summary>
    private byte[]? _repaired;

    /// <summary>The length of the request line, repaired and as it arrived.</summary>
    private (int Repaired, int Arrived) _line;

    private bool IsLineExpected => server.IsKnown ? !server.HasLine : !_hasConsumed;

    public override bool TryRead(out ReadResult result)
    {
        if (!input.TryRead(out result)) return false;
        result = Give(result);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = input.ReadAsync(cancellationToken);
        return reading.IsCompletedSuccessfully ? new(Give(reading.Result)) : GiveAsync(reading);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_repaired is not null)
        {
            (consumed, examined) = (PlaceInArrived(consumed), PlaceInArrived(examined));
            Release();
        }

        if (!_hasConsumed) _hasConsumed = HasContent(_arrived.Slice(_arrived.Start, consumed));
        _arrived = default;
        input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        Release();
        _arrived = default;
        input.Complete(exception);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> GiveAsync(ValueTask<ReadResult> reading) => Give(await reading);

    private ReadResult Give(in ReadResult read)
    {
        _arrived = read.Buffer;
        if (!IsLineExpected || read.Buffer.IsEmpty) return read;
        var arrived = read.Buffer.IsSingleSegment ? read.Buffer.FirstSpan : read.Buffer.ToArray();
        // The server skips empty lines before a request.
        var begin = arrived.IndexOfAnyExcept((byte)'\r', (byte)'\n');
        if (begin < 0) return read;
        var length = arrived[begin..].IndexOf((byte)'\n');
        if (length < 0 || !RequestLine.NeedsRepair(arrived.Slice(begin, length))) return read;

        var rest = arrived[(begin + length)..];
        _repaired = ArrayPool<byte>.Shared.Rent(begin + RequestLine.MaxRepaired(length) + rest.Length);
        arrived[..begin].CopyTo(_repaired);
        var end = begin + RequestLine.Repair(arrived.Slice(begin, length), _repaired.AsSpan(begin));
        rest.CopyTo(_repaired.AsSpan(end));
        _line = (end, begin + length);
        return new ReadResult(new ReadOnlySequence<byte>(_repaired, 0, end + rest.Length), read.IsCanceled, read.IsCompleted);
    }

    /// <summary>The server consumes either all of a line or nothing of it.</summary>
    private SequencePosition PlaceInArrived(SequencePosition inRepaired)
    {
        var offset = inRepaired.GetInteger();
        return _arrived.GetPosition(offset < _line.Repaired ? Math.Min(offset, _line.Arrived) : offset - _line.Repaired + _line.Arrived);
    }

    private static bool HasContent(in ReadOnlySequence<byte> consumed)
    {
        var bytes = new SequenceReader<byte>(consumed);
        bytes.AdvancePastAny((byte)'\r', (byte)'\n');
        return !bytes.End;
    }

    private void Release()
    {
        if (_repaired is not null) ArrayPool<byte>.Shared.Return(_repaired);
        _repaired = null;
    }
}
