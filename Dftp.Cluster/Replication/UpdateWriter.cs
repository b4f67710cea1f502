using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dftp.Cluster.Index;

namespace Dftp.Cluster.Replication;

/// <summary>Writes update messages as a stream: memory does not grow with the number of entries.</summary>
/// <remarks>
/// Between our nodes a deletion is <c>"Deletion":true</c>, as in the specification. A legacy node then removes the whole top directory, so
/// it gets <c>"Deletion":false,"SizeInBytes":-1</c>. Redundant members, a third of a message, are written for legacy nodes only.
/// </remarks>
internal sealed class UpdateWriter : IAsyncDisposable
{
    private const int FlushThreshold = 64 * 1024;

    private static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly UpdateHeader _header;
    private readonly bool _toLegacy;
    private readonly PipeWriter _output;
    private readonly Utf8JsonWriter _json;
    private readonly JsonEncodedText _owner;
    private readonly long _raised;
    private long _flushed;

    private UpdateWriter(PipeWriter output, UpdateHeader header, bool toLegacy, long raised = 0)
    {
        _raised = raised;
        _output = output;
        _header = header;
        _toLegacy = toLegacy;
        _owner = JsonEncodedText.Encode(header.Sender.Value, Options.Encoder);
        _json = new Utf8JsonWriter(output, Options);
    }

    /// <summary>Writes all entries of the sender in a tree.</summary>
    /// <param name="output">The output.</param>
    /// <param name="header">The header.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="toLegacy">Whether the receiver is a legacy node.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    /// <param name="raised">From <see cref="LegacyStamps.RaiseInFull"/>; 0 for our nodes.</param>
    public static async Task WriteFullAsync(
        PipeWriter output, UpdateHeader header, TreeSnapshot tree, bool toLegacy, CancellationToken cancellationToken, long raised = 0)
    {
        await using var writer = new UpdateWriter(output, header, toLegacy, raised);
        writer.Start();
        var open = new Stack<(TreeDirectory Directory, byte[] Path)>();
        if (tree.Root.PartOf(header.Sender) is not null) open.Push((tree.Root, []));
        while (open.TryPop(out var next))
        {
            var part = next.Directory.PartOf(header.Sender)!;
            if (next.Path.Length > 0 && part.Announced is { } facts)
                writer.Directory(next.Path, next.Directory.Name, facts);
            for (var index = 0; index < part.Files.Count; index++)
            {
                writer.File(Join(next.Path, part.Files.NameSpan(index)), part.Files.Name(index), part.Files[index]);
                if (writer.Unflushed > FlushThreshold) await writer.FlushAsync(cancellationToken);
            }

            foreach (var child in next.Directory.Children.Reverse())
            {
                if (child.PartOf(header.Sender) is not null) open.Push((child, Join(next.Path, child.Name)));
            }

            if (writer.Unflushed > FlushThreshold) await writer.FlushAsync(cancellationToken);
        }

        await writer.EndAsync(cancellationToken);
    }

    /// <summary>Writes changes in order.</summary>
    public static async Task WriteChangesAsync(
        PipeWriter output, UpdateHeader header, IEnumerable<EntryChange> changes, bool toLegacy, CancellationToken cancellationToken)
    {
        await using var writer = new UpdateWriter(output, header, toLegacy);
        writer.Start();
        foreach (var change in changes)
        {
            writer.Change(change);
            if (writer.Unflushed > FlushThreshold) await writer.FlushAsync(cancellationToken);
        }

        await writer.EndAsync(cancellationToken);
    }

    private long Unflushed => _json.BytesCommitted + _json.BytesPending - _flushed;

    public ValueTask DisposeAsync() => _json.DisposeAsync();

    private void Start()
    {
        _json.WriteStartObject();
        _json.WriteString(UpdateFields.Sender, _owner);
        _json.WriteBoolean(UpdateFields.Full, _header.IsFull);
        _json.WriteNumber(UpdateFields.Time, _header.Time);
        if (_header.Position is { } position)
        {
            _json.WriteNumber(UpdateFields.Epoch, position.Incarnation);
            _json.WriteNumber(UpdateFields.Sequence, position.Sequence);
            _json.WriteNumber(UpdateFields.Since, position.Since);
            if (_header.SinceDigest is { } digest)
                _json.WriteString(UpdateFields.SinceDigest, Hex(digest));
            if (_header.Repair is { } repair)
            {
                _json.WriteString(UpdateFields.Ranges, repair.Ranges.ToString());
                _json.WriteString(UpdateFields.Digest, Hex(repair.Digest));
            }
        }

        _json.WriteStartArray(UpdateFields.Files);
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        _json.WriteEndArray();
        _json.WriteEndObject();
        await FlushAsync(cancellationToken);
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        _json.Flush();
        _flushed = _json.BytesCommitted;
        await _output.FlushAsync(cancellationToken);
    }

    private void Change(in EntryChange change)
    {
        var path = Encoding.UTF8.GetBytes(change.Path.Relative.ToArray());
        var name = path.AsMemory(path.AsSpan().LastIndexOf((byte)'/') + 1);
        switch (change.Kind)
        {
            case EntryChangeKind.PutFile:
                File(path, name, change.Facts);
                break;
            case EntryChangeKind.PutDirectory:
                Directory(path, name, new DirectoryFacts(change.Facts.Modified, change.Facts.Permissions, change.Facts.Stamp));
                break;
            default:
                Deletion(path, name, change.Facts);
                break;
        }
    }

    private void File(ReadOnlySpan<byte> path, ReadOnlyMemory<byte> name, in FileFacts facts) =>
        Entry(path, name, false, facts, isDeletion: false, GoFileMode.From(facts.Permissions, false));

    private void Directory(ReadOnlySpan<byte> path, ReadOnlyMemory<byte> name, in DirectoryFacts facts) =>
        Entry(
            path, name, true, new FileFacts(0, facts.Modified, facts.Permissions, facts.Stamp), false,
            GoFileMode.From(facts.Permissions, true));

    private void Deletion(ReadOnlySpan<byte> path, ReadOnlyMemory<byte> name, in FileFacts facts) =>
        Entry(path, name, false, _toLegacy ? facts with { Size = -1 } : facts, isDeletion: !_toLegacy, 0);

    private void Entry(ReadOnlySpan<byte> path, ReadOnlyMemory<byte> name, bool isDirectory, in FileFacts facts, bool isDeletion, uint mode)
    {
        var seconds = facts.Modified.Seconds;
        _json.WriteStartObject();
        if (_toLegacy || isDeletion) _json.WriteBoolean(UpdateFields.Deletion, isDeletion);
        _json.WriteString(UpdateFields.FullName, path);
        if (_toLegacy) _json.WriteString(UpdateFields.Basename, name.Span);
        if (_toLegacy || isDirectory) _json.WriteBoolean(UpdateFields.Directory, isDirectory);
        _json.WriteNumber(UpdateFields.LastModified, seconds);
        var updated = facts.Stamp.Seconds;
        _json.WriteNumber(UpdateFields.LastInfoUpdated, updated == _raised && _raised > 0 ? updated + 1 : updated);
        _json.WriteNumber(UpdateFields.Size, facts.Size);
        _json.WriteNumber(UpdateFields.Mode, mode);
        if (_toLegacy) _json.WriteString(UpdateFields.Owner, _owner);
        var nanoseconds = facts.Modified.Nanoseconds - seconds * 1_000_000_000;
        if (nanoseconds != 0) _json.WriteNumber(UpdateFields.Nanoseconds, nanoseconds);
        if (!_toLegacy && !facts.Stamp.IsWholeSecond) _json.WriteNumber(UpdateFields.StampNanoseconds, facts.Stamp.Nanoseconds);
        _json.WriteEndObject();
    }

    private static string Hex(ulong digest) => digest.ToString("x16", CultureInfo.InvariantCulture);

    private static byte[] Join(byte[] path, ReadOnlySpan<byte> name)
    {
        if (path.Length == 0) return name.ToArray();
        var joined = new byte[path.Length + 1 + name.Length];
        path.CopyTo(joined, 0);
        joined[path.Length] = (byte)'/';
        name.CopyTo(joined.AsSpan(path.Length + 1));
        return joined;
    }
}
