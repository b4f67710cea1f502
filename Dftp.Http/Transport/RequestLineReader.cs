using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;

namespace Dftp.Http.Transport;

/// <summary>
/// The input of an HTTP/1 connection for the server, which refuses request lines that other servers take: they are repaired on their way
/// (<see cref="RequestLine"/>). All else passes as it is, without a copy.
/// </summary>
/// <remarks>
/// Only a request's first line may be touched. What the server consumes tells where the next request begins: lines up to an empty one, then as many
/// bytes as Content-Length says. Where that cannot be told (a chunked body), everything passes as it is from then on.
/// </remarks>
internal sealed class RequestLineReader(PipeReader input) : PipeReader
{
    private Place _place = Place.RequestLine;

    /// <summary>Bytes of the request's body that the server has not consumed.</summary>
    private long _bodyLeft;

    private ReadOnlySequence<byte> _arrived;

    /// <summary>What the server was given instead of <see cref="_arrived"/>; null: that itself. Rented.</summary>
    private byte[]? _repaired;

    /// <summary>Bytes up to the end of the request line, as it was repaired and as it arrived.</summary>
    private (int Repaired, int Arrived) _line;

    private enum Place
    {
        RequestLine,
        Fields,
        Body,
        Unknown,
    }

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

        if (_place != Place.Unknown) Follow(new SequenceReader<byte>(_arrived.Slice(_arrived.Start, consumed)));
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
        if (_place != Place.RequestLine || read.Buffer.IsEmpty) return read;
        var arrived = read.Buffer.IsSingleSegment ? read.Buffer.FirstSpan : read.Buffer.ToArray();
        // The server passes over empty lines before a request.
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

    /// <summary>Notes where in a request the server is after it has consumed some bytes.</summary>
    private void Follow(SequenceReader<byte> consumed)
    {
        while (!consumed.End)
        {
            if (_place == Place.Body)
            {
                var count = Math.Min(_bodyLeft, consumed.Remaining);
                consumed.Advance(count);
                _bodyLeft -= count;
                if (_bodyLeft == 0) _place = Place.RequestLine;
                continue;
            }

            if (_place == Place.RequestLine && consumed.AdvancePastAny((byte)'\r', (byte)'\n') > 0) continue;
            if (_place == Place.Unknown || !consumed.TryReadTo(out ReadOnlySpan<byte> line, (byte)'\n'))
            {
                _place = Place.Unknown;
                return;
            }

            _place = _place == Place.RequestLine ? Place.Fields : After(line.TrimEnd((byte)'\r'));
        }
    }

    private Place After(ReadOnlySpan<byte> field)
    {
        if (field.IsEmpty) return _bodyLeft > 0 ? Place.Body : Place.RequestLine;
        var colon = field.IndexOf((byte)':');
        if (colon < 0) return Place.Unknown;
        var name = field[..colon];
        if (Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8)) return Place.Unknown;
        if (!Ascii.EqualsIgnoreCase(name, "Content-Length"u8)) return Place.Fields;
        var value = field[(colon + 1)..].Trim(" \t"u8);
        return Utf8Parser.TryParse(value, out _bodyLeft, out var used) && used == value.Length ? Place.Fields : Place.Unknown;
    }

    private void Release()
    {
        if (_repaired is not null) ArrayPool<byte>.Shared.Return(_repaired);
        _repaired = null;
    }
}
