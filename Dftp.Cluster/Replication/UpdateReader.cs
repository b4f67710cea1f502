using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>
/// Parses an update message from a stream into the changes of its sender's entries. Nothing is applied here: a truncated or invalid message
/// changes nothing.
/// </summary>
internal sealed class UpdateReader
{
    /// <summary>Entries are two levels below the message; much deeper JSON is not an update.</summary>
    private const int MaxDepth = 16;

    /// <summary>The longest token: a path whose every byte is escaped, with a margin.</summary>
    private const int MaxTokenBytes = 128 * 1024;

    private readonly UpdateEntries _entries;
    private readonly UpdateEntryField[] _following = new UpdateEntryField[UpdateFields.OfEntry.Length];
    private Level _level;
    private bool _isEnded;
    private string? _sender;
    private long _time;
    private long? _incarnation, _sequence, _since;
    private ulong? _sinceDigest, _digest;
    private EntryRanges? _ranges;
    private WireEntry _entry;
    private JsonEncodedText _field;
    private UpdateEntryField _entryField;

    /// <summary>Bytes that were read without the JSON reader, which does not count them.</summary>
    private long _passedBytes;

    private UpdateReader(UpdateMemory.Share memory, Stamp latestStamp) => _entries = new UpdateEntries(memory, latestStamp);

    private enum Level
    {
        Start,
        Message,
        MessageValue,
        Entries,
        Entry,
        EntryValue,
        End,
    }

    /// <summary>Reads one message.</summary>
    /// <param name="input">The body, decompressed; the caller completes it.</param>
    /// <param name="memory">Its account, open until the update is applied or dropped.</param>
    /// <param name="latestStamp">See <see cref="ReceivedUpdate.LatestStamp"/>.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="UpdateFormatException">The message is invalid or exceeds a limit, which the text names.</exception>
    public static async Task<ReceivedUpdate> ReadAsync(
        PipeReader input, UpdateMemory.Share memory, Stamp latestStamp, CancellationToken cancellationToken)
    {
        var reader = new UpdateReader(memory, latestStamp);
        var state = new JsonReaderState(new JsonReaderOptions { MaxDepth = MaxDepth });
        var joined = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            if (read.IsCompleted && read.Buffer.IsEmpty && reader._level == Level.Start)
                throw new UpdateFormatException("the body is empty");
            // The rest of an invalid message is consumed too, because the transport skips it.
            var consumed = read.Buffer.End;
            try
            {
                consumed = read.Buffer.GetPosition(reader.Read(InOnePiece(read.Buffer, joined), read.IsCompleted, ref state));
                if (!read.IsCompleted && read.Buffer.Slice(consumed).Length > MaxTokenBytes)
                    throw new UpdateFormatException($"a name or value is longer than {MaxTokenBytes} bytes");
            }
            catch (JsonException error)
            {
                var position = error.BytePositionInLine + 1 + (error.LineNumber == 0 ? reader._passedBytes : 0);
                throw new UpdateFormatException($"the body is not JSON at line {error.LineNumber + 1}, byte {position}");
            }
            finally
            {
                input.AdvanceTo(consumed, read.Buffer.End);
            }

            if (read.IsCompleted) return reader.Result();
        }
    }

    internal static long Integer(ref Utf8JsonReader reader, JsonEncodedText field)
    {
        if (reader.TokenType == JsonTokenType.Null) return 0;
        if (reader.TokenType == JsonTokenType.Number)
        {
            if (reader.TryGetInt64(out var value)) return value;
            if (reader.TryGetDouble(out var real) && double.IsFinite(real) && real == Math.Floor(real) && Math.Abs(real) < 9e18)
                return (long)real;
        }

        throw new UpdateFormatException($"{field} is not a whole number");
    }

    /// <summary>Copies the bytes into one piece: parsing segments takes twice as long as parsing and copying.</summary>
    private static ReadOnlySpan<byte> InOnePiece(in ReadOnlySequence<byte> bytes, ArrayBufferWriter<byte> joined)
    {
        if (bytes.IsSingleSegment) return bytes.FirstSpan;
        joined.ResetWrittenCount();
        foreach (var piece in bytes) joined.Write(piece.Span);
        return joined.WrittenSpan;
    }

    /// <returns>The number of parsed bytes.</returns>
    private long Read(ReadOnlySpan<byte> buffer, bool isFinal, ref JsonReaderState state)
    {
        var consumed = 0L;
        var json = new Utf8JsonReader(buffer, isFinal, state);
        while (true)
        {
            if (!MayPassOver)
            {
                if (!json.Read()) break;
            }
            else if (!TryReadOrPassOver(ref json))
            {
                break;
            }

            Take(ref json);
            if (_level != Level.Entries || json.TokenType != JsonTokenType.EndObject || _entries.IsFull != true) continue;

            // After an entry: entries in their usual form are read without the JSON reader, which continues after them.
            var plain = TakePlainEntries(buffer[(int)json.BytesConsumed..]);
            if (plain == 0) continue;
            _passedBytes += plain;
            consumed += json.BytesConsumed + plain;
            buffer = buffer[((int)json.BytesConsumed + plain)..];
            json = new Utf8JsonReader(buffer, isFinal, json.CurrentState);
        }

        state = json.CurrentState;
        return consumed + json.BytesConsumed;
    }

    /// <returns>Their length in bytes.</returns>
    private int TakePlainEntries(ReadOnlySpan<byte> json)
    {
        var taken = 0;
        while (PlainEntry.TryRead(json[taken..], out var fullName, out var facts, out var length)
            && _entries.TryAddSibling(fullName, facts))
        {
            taken += length;
        }

        return taken;
    }

    /// <summary>Whether the value of an unknown member follows.</summary>
    private bool MayPassOver => _level switch
    {
        Level.EntryValue => !IsUsed(_entryField),
        Level.MessageValue => _field.Equals(default),
        _ => false,
    };

    private static bool IsUsed(UpdateEntryField field) =>
        field is not (UpdateEntryField.Unknown or UpdateEntryField.Basename or UpdateEntryField.Owner);

    /// <summary>Skipping needs the whole value, so it is tried on a copy of the reader, which costs more than most parsing.</summary>
    private static bool TryReadOrPassOver(ref Utf8JsonReader json)
    {
        var tried = json;
        if (!tried.Read() || (tried.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && !tried.TrySkip())) return false;
        json = tried;
        return true;
    }

    private void Take(ref Utf8JsonReader json)
    {
        switch (_level)
        {
            case Level.Start:
                if (json.TokenType != JsonTokenType.StartObject) throw new UpdateFormatException("the body is not a JSON object");
                _level = Level.Message;
                break;
            case Level.Message when json.TokenType == JsonTokenType.EndObject:
                _level = Level.End;
                _isEnded = true;
                break;
            case Level.Message:
                _field = MessageField(ref json);
                _level = Level.MessageValue;
                break;
            case Level.MessageValue:
                _level = Level.Message;
                TakeMessageValue(ref json);
                break;
            case Level.Entries when json.TokenType == JsonTokenType.EndArray:
                _level = Level.Message;
                break;
            case Level.Entries:
                if (json.TokenType != JsonTokenType.StartObject) throw new UpdateFormatException("an entry of Files is not an object");
                _entry = default;
                _level = Level.Entry;
                break;
            case Level.Entry when json.TokenType == JsonTokenType.EndObject:
                _level = Level.Entries;
                _entry.Check();
                _entries.Add(_entry);
                break;
            case Level.Entry:
                _entryField = EntryField(ref json);
                _level = Level.EntryValue;
                break;
            case Level.EntryValue:
                _level = Level.Entry;
                if (_entryField == UpdateEntryField.FullName && IsSibling(json)) _entry.TakeSibling();
                else if (IsUsed(_entryField)) _entry.Take(_entryField, ref json);
                break;
            default:
                throw new UpdateFormatException("something follows the message");
        }
    }

    private static JsonEncodedText MessageField(ref Utf8JsonReader json) =>
        json.Is(UpdateFields.Sender) ? UpdateFields.Sender
        : json.Is(UpdateFields.Full) ? UpdateFields.Full
        : json.Is(UpdateFields.Time) ? UpdateFields.Time
        : json.Is(UpdateFields.Files) ? UpdateFields.Files
        : json.Is(UpdateFields.Epoch) ? UpdateFields.Epoch
        : json.Is(UpdateFields.Sequence) ? UpdateFields.Sequence
        : json.Is(UpdateFields.Since) ? UpdateFields.Since
        : json.Is(UpdateFields.SinceDigest) ? UpdateFields.SinceDigest
        : json.Is(UpdateFields.Ranges) ? UpdateFields.Ranges
        : json.Is(UpdateFields.Digest) ? UpdateFields.Digest
        : default;

    /// <summary>Entries usually have the same members in the same order: the successor in the previous entry is tried first.</summary>
    private UpdateEntryField EntryField(ref Utf8JsonReader json)
    {
        ref var expected = ref _following[(int)_entryField];
        if (expected == UpdateEntryField.Unknown || !json.ValueTextEquals(UpdateFields.OfEntry[(int)expected].EncodedUtf8Bytes))
        {
            expected = SearchEntryField(ref json);
        }

        return expected;
    }

    private static UpdateEntryField SearchEntryField(ref Utf8JsonReader json)
    {
        for (var field = UpdateEntryField.Unknown + 1; (int)field < UpdateFields.OfEntry.Length; field++)
        {
            if (json.Is(UpdateFields.OfEntry[(int)field])) return field;
        }

        return UpdateEntryField.Unknown;
    }

    private void TakeMessageValue(ref Utf8JsonReader json)
    {
        if (_field.Equals(default)) return;
        if (_field.Equals(UpdateFields.SinceDigest)) _sinceDigest = Digest(ref json, _field);
        else if (_field.Equals(UpdateFields.Digest)) _digest = Digest(ref json, _field);
        else if (_field.Equals(UpdateFields.Ranges)) _ranges = Ranges(ref json);
        else if (_field.Equals(UpdateFields.Files))
        {
            if (json.TokenType == JsonTokenType.StartArray) _level = Level.Entries;
            else if (json.TokenType != JsonTokenType.Null) throw new UpdateFormatException("Files is not an array");
        }
        else if (_field.Equals(UpdateFields.Sender))
        {
            if (json.TokenType != JsonTokenType.String) throw new UpdateFormatException("SenderNodeName is not a string");
            _sender = json.HasValueSequence ? Encoding.UTF8.GetString(json.ValueSequence) : Encoding.UTF8.GetString(json.ValueSpan);
            if (json.ValueIsEscaped) _sender = Unescaped(ref json);
        }
        else if (_field.Equals(UpdateFields.Full))
        {
            _entries.IsFull = json.TokenType switch
            {
                JsonTokenType.True => true,
                JsonTokenType.False or JsonTokenType.Null => false,
                _ => throw new UpdateFormatException("Full is neither true nor false"),
            };
        }
        else if (_field.Equals(UpdateFields.Time)) _time = Integer(ref json, _field);
        else if (_field.Equals(UpdateFields.Epoch)) _incarnation = Integer(ref json, _field);
        else if (_field.Equals(UpdateFields.Sequence)) _sequence = Integer(ref json, _field);
        else _since = Integer(ref json, _field);
    }

    private static EntryRanges? Ranges(ref Utf8JsonReader json)
    {
        if (json.TokenType == JsonTokenType.Null) return null;
        if (json.TokenType != JsonTokenType.String) throw new UpdateFormatException($"{UpdateFields.Ranges} is not a string");
        return EntryRanges.Parse(Unescaped(ref json), out var problem) ?? throw new UpdateFormatException(problem);
    }

    private static ulong? Digest(ref Utf8JsonReader json, JsonEncodedText field)
    {
        if (json.TokenType == JsonTokenType.Null) return null;
        if (json.TokenType == JsonTokenType.String
            && ulong.TryParse(Unescaped(ref json), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var digest))
            return digest;
        throw new UpdateFormatException($"{field} is not a digest");
    }

    private static string Unescaped(ref Utf8JsonReader json)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new UpdateFormatException("a text of the message is not valid Unicode");
        }
    }

    private bool IsSibling(in Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.String && !json.ValueIsEscaped && !json.HasValueSequence && _entries.TakeSibling(json.ValueSpan);

    private ReceivedUpdate Result()
    {
        if (!_isEnded) throw new UpdateFormatException("the body is truncated");
        if (_sender is null) throw new UpdateFormatException("SenderNodeName is missing");
        if (!NodeName.TryParse(_sender, out var sender)) throw new UpdateFormatException("SenderNodeName is not a node name");
        UpdatePosition? position = _incarnation is { } incarnation && _sequence is { } sequence
            ? new UpdatePosition(incarnation, sequence, _since ?? sequence) : null;
        var patch = _entries.End();
        var isFull = _entries.IsFull == true;
        var header = new UpdateHeader(sender, isFull, _time, position, isFull ? null : _sinceDigest, Repair(isFull, position));
        return new ReceivedUpdate(header, patch, _entries.Count, _entries.LeftOut, _entries.LatestStamp);
    }

    private RangeRepair? Repair(bool isFull, UpdatePosition? position)
    {
        if (_ranges is null) return null;
        if (isFull) throw new UpdateFormatException("a full update has no Ranges");
        return position is not null && _sinceDigest is not null && _digest is { } digest
            ? new RangeRepair(_ranges, digest)
            : throw new UpdateFormatException("an update with Ranges has Epoch, Sequence, SinceDigest and Digest");
    }
}
