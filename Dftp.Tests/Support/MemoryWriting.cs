using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Dftp.Cluster.Events;
using Dftp.FileSystem;

namespace Dftp.Tests.Support;

/// <summary>
/// Writes into a <see cref="MemoryFileTree"/>. As on a disk of Linux, names have at most 255 bytes, and the reserved directory at the
/// top cannot be reached.
/// </summary>
internal sealed class MemoryWriting(MemoryFileTree tree, TimeProvider time) : IWritableTree
{
    private const int MaxNameBytes = 255;
    private const string Reserved = ".dftp";

    private readonly TreeEventLog _events = new(1, 1024, time);

    // Guarded by the tree's lock, as everything that changes the tree.
    private volatile uint _lastWrite;
    private TaskCompletionSource _news = NewNews();

    /// <summary>The bytes that all files together may have.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>The bytes that a file may have.</summary>
    public long MaxFileSize { get; set; } = long.MaxValue;

    /// <summary>The paths that cannot be written, moved or removed, with the error.</summary>
    public Dictionary<VirtualPath, WriteError> Refusals { get; } = [];

    public TreeEventReader Follow(TreeEventId? after) => _events.Follow(after);

    public async ValueTask<WriteResult> WriteAsync(
        VirtualPath file, NewContent content, WriteCondition condition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var seen = tree.Look(file);
        var room = Math.Min(MaxFileSize, Room(seen?.Size ?? 0));
        var announced = content.Offset + (content.Length ?? 0);
        if (Check(file, seen, content, condition) is { } refused) return WriteResult.Failed(refused);
        var kept = content.Offset == 0 ? [] : await KeptAsync(file, seen, content.Offset, cancellationToken);
        if (kept is null) return Changed(file);
        if (announced > room) return TooMuch(file, announced);

        var (body, end) = await ReadAsync(content.Body, room - content.Offset, cancellationToken);
        if (body.Length > room - content.Offset) return TooMuch(file, content.Offset + body.Length);
        if (end is not null || (content.Length ?? body.Length) != body.Length)
        {
            var of = content.Length?.ToString(CultureInfo.InvariantCulture) ?? "a body that was cut";
            return WriteResult.Failed(WriteErrorKind.IncompleteBody, file, $"{file} has {body.Length} bytes of {of}");
        }

        byte[] bytes = [.. kept, .. body];
        if (content.Digests.FirstOrDefault(digest => !IsDigestOf(digest, bytes)) is { } wrong)
            return WriteResult.Failed(WriteErrorKind.DigestMismatch, file, $"the {wrong.Algorithm} of {file} is another one");

        var outcome = WriteOutcome.Replaced;
        return Commit(() => outcome, file, (items, number) =>
        {
            var now = tree.Look(file);
            if (Check(file, now, content, condition) is { } error) return error;
            var mayRetry = condition.IsNone && content.Offset == 0;
            if (!mayRetry && !IsSame(now, seen)) return Error(WriteErrorKind.PreconditionFailed, file, now);
            if (now is null) outcome = WriteOutcome.Created;
            var permissions = content.Facts.Permissions ?? items.GetValueOrDefault(file)?.Permissions ?? 0b110_100_100;
            items[file] = new MemoryItem(bytes, content.Facts.Modified ?? Now(), permissions, new Stamp(number));
            return null;
        });
    }

    public ValueTask<WriteResult> RemoveAsync(
        VirtualPath path, RemoveTarget what, WriteCondition condition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        List<WriteError> failures = [];
        return new(Commit(() => WriteOutcome.Removed, path, (items, _) =>
        {
            var now = tree.Look(path);
            WriteErrorKind? wrong = now is null ? WriteErrorKind.NotFound
                : path.IsRoot ? WriteErrorKind.Forbidden
                : now.Value.IsDirectory && what == RemoveTarget.File ? WriteErrorKind.IsDirectory
                : !now.Value.IsDirectory && what == RemoveTarget.EmptyDirectory ? WriteErrorKind.NotADirectory
                : what == RemoveTarget.EmptyDirectory && Below(items, path).Count > 1 ? WriteErrorKind.NotEmpty
                : null;
            var error = Refusals.GetValueOrDefault(path)
                ?? (wrong is { } kind ? Error(kind, path) : condition.IsMetBy(now) ? null : Unmet(path, condition, now));
            if (error is not null) return error;
            failures.AddRange(RefusedIn(Below(items, path)));
            foreach (var at in Below(items, path).Where(at => !HasOneBelow(failures, at))) items.Remove(at);
            return null;
        }, failures));
    }

    public ValueTask<WriteResult> MakeDirectoryAsync(VirtualPath directory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(Commit(() => WriteOutcome.Created, directory, (items, _) =>
        {
            if (Place(directory) is { } error) return error;
            if (tree.Look(directory) is { } there) return Error(WriteErrorKind.Exists, directory, there);
            items[directory] = new MemoryItem(null, Now());
            return null;
        }));
    }

    public ValueTask<WriteResult> MoveAsync(
        VirtualPath source, VirtualPath destination, TransferConditions conditions, CancellationToken cancellationToken) =>
        new(Transfer(source, destination, true, true, conditions, cancellationToken));

    public ValueTask<WriteResult> CopyAsync(
        VirtualPath source, VirtualPath destination, bool withMembers, TransferConditions conditions,
        CancellationToken cancellationToken) =>
        new(Transfer(source, destination, false, withMembers, conditions, cancellationToken));

    public ValueTask<WriteResult> SetFactsAsync(
        VirtualPath path, NewFacts facts, WriteCondition condition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(Commit(() => WriteOutcome.Changed, path, (items, _) =>
        {
            var now = tree.Look(path);
            var error = Refusals.GetValueOrDefault(path)
                ?? (now is null ? Error(WriteErrorKind.NotFound, path)
                    : path.IsRoot ? Error(WriteErrorKind.Forbidden, path)
                    : condition.IsMetBy(now) ? null : Unmet(path, condition, now));
            if (error is not null) return error;
            var before = items[path];
            items[path] = before with
            {
                Modified = facts.Modified ?? before.Modified,
                Permissions = facts.Permissions ?? before.Permissions,
            };
            return null;
        }));
    }

    public ValueTask<FreeSpace?> FreeSpaceAsync(VirtualPath directory, CancellationToken cancellationToken) =>
        new(tree.Look(directory) is { IsDirectory: true } entry
            ? new FreeSpace(Math.Max(0, Math.Min(MaxFileSize, Room(0))), entry.Size)
            : null);

    public async ValueTask<bool> ContainsAsync(WriteToken write, TimeSpan most, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var news = _news.Task;
            if (uint.TryParse(write.ToString(), CultureInfo.InvariantCulture, out var number) && number <= _lastWrite) return true;
            var left = most - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) return false;
            try
            {
                await news.WaitAsync(left, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                return false;
            }
        }
    }

    /// <summary>Reports a change of the items as events. The caller holds the tree's lock.</summary>
    public void Report(Dictionary<VirtualPath, MemoryItem> before, Dictionary<VirtualPath, MemoryItem> now)
    {
        var events = new List<TreeEvent>();
        foreach (var (path, item) in InOrder(before))
        {
            var isGone = !now.TryGetValue(path, out var other) || other.IsDirectory != item.IsDirectory;
            var isReported = events.Exists(reported => path.IsSameOrUnder(reported.Path));
            if (isGone && !isReported) events.Add(Event(TreeEventKind.Deleted, path, item));
        }

        foreach (var (path, item) in InOrder(now))
        {
            var isNew = !before.TryGetValue(path, out var other) || other.IsDirectory != item.IsDirectory;
            if (isNew) events.Add(Event(TreeEventKind.Created, path, item));
            else if (other!.Modified != item.Modified || other.Size != item.Size) events.Add(Event(TreeEventKind.Changed, path, item));
        }

        _events.Append(events);
        var news = _news;
        _news = NewNews();
        news.SetResult();
    }

    private WriteResult Transfer(
        VirtualPath source, VirtualPath destination, bool isMove, bool withMembers, TransferConditions conditions,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        List<WriteError> failures = [];
        var outcome = WriteOutcome.Replaced;
        return Commit(() => outcome, destination, (items, number) =>
        {
            var (from, to) = (tree.Look(source), tree.Look(destination));
            var error = (from is null ? Error(WriteErrorKind.NotFound, source) : null)
                ?? (source.IsRoot && isMove ? Error(WriteErrorKind.Forbidden, source) : null)
                ?? (source.IsSameOrUnder(destination) || (withMembers && destination.IsSameOrUnder(source))
                    ? Error(WriteErrorKind.Overlap, destination) : null)
                ?? Place(destination)
                ?? Refusals.GetValueOrDefault(source)
                ?? RefusedIn(Below(items, destination)).FirstOrDefault()
                ?? (conditions.Source.IsMetBy(from) ? null : Unmet(source, conditions.Source, from))
                ?? (conditions.Destination.IsMetBy(to) ? null : Unmet(destination, conditions.Destination, to))
                ?? (!isMove && withMembers && from!.Value.Size > Room(to?.Size ?? 0) ? Error(WriteErrorKind.NoSpace, destination) : null);
            if (error is not null) return error;
            if (to is null) outcome = WriteOutcome.Created;
            var paths = withMembers ? Below(items, source) : [source];
            failures.AddRange(RefusedIn(paths));
            foreach (var at in Below(items, destination)) items.Remove(at);
            foreach (var at in paths.Where(at => Refusals.GetValueOrDefault(at) is null))
            {
                var item = items.GetValueOrDefault(at) ?? new MemoryItem(null, MemoryFileTree.DefaultTime);
                items[VirtualPath.Parse(destination.Value + at.Value[source.Value.TrimEnd('/').Length..])] =
                    item with { Stamp = item.IsDirectory ? default : new Stamp(number) };
                if (isMove && !HasOneBelow(failures, at)) items.Remove(at);
            }

            return null;
        }, failures);
    }

    /// <param name="outcome">Of a success.</param>
    /// <param name="path">Whose entry is reported.</param>
    /// <param name="change">Changes the items as the write of a number, or says why not.</param>
    /// <param name="failures">What the change has not done.</param>
    private WriteResult Commit(
        Func<WriteOutcome> outcome, VirtualPath path, Func<Dictionary<VirtualPath, MemoryItem>, uint, WriteError?> change,
        List<WriteError>? failures = null)
    {
        WriteError? error = null;
        var number = 0u;
        var after = tree.Change(items =>
        {
            number = _lastWrite + 1;
            error = change(items, number);
            if (error is null) _lastWrite = number;
            return error is null;
        });
        if (error is not null) return WriteResult.Failed(error);
        if (!WriteToken.TryParse(number.ToString(CultureInfo.InvariantCulture), out var token)) throw new UnreachableException();
        return failures is { Count: > 0 }
            ? WriteResult.Partly(after.Look(path), [MemoryFileTree.Node], token, failures)
            : WriteResult.Done(outcome(), after.Look(path), [MemoryFileTree.Node], token);
    }

    /// <summary>The errors of a path whose parent must exist.</summary>
    private WriteError? Place(VirtualPath path)
    {
        if (Refusals.TryGetValue(path, out var refused)) return refused;
        if (path.IsRoot) return null;
        var names = path.Value[1..].Split('/');
        if (names[0] == Reserved || names.Any(name => System.Text.Encoding.UTF8.GetByteCount(name) > MaxNameBytes))
            return Error(WriteErrorKind.NameNotAllowed, path);
        for (var at = path.Parent; !at.IsRoot; at = at.Parent)
        {
            if (tree.Look(at) is { } above) return above.IsDirectory
                ? at == path.Parent ? null : Error(WriteErrorKind.NoParent, path)
                : Error(WriteErrorKind.NotADirectory, path);
        }

        return path.Parent.IsRoot ? null : Error(WriteErrorKind.NoParent, path);
    }

    private WriteError? Check(VirtualPath file, Entry? now, NewContent content, WriteCondition condition) =>
        Place(file)
        ?? (now is { IsDirectory: true } ? Error(WriteErrorKind.IsDirectory, file) : null)
        ?? (condition.IsMetBy(now) ? null : Unmet(file, condition, now))
        ?? (content.Offset > (now?.Size ?? 0) ? Error(WriteErrorKind.OffsetMismatch, file, now) : null);

    /// <summary>The first bytes of the file that was seen; null if it is another one by now.</summary>
    private async ValueTask<byte[]?> KeptAsync(VirtualPath file, Entry? seen, long count, CancellationToken cancellationToken)
    {
        var opened = await tree.OpenAsync(file, seen!.Value, RangeSpec.Of(new ByteRange(0, count)), cancellationToken);
        if (opened.Content is null || !IsSame(opened.Facts, seen)) return null;
        await using var content = opened.Content;
        var bytes = new byte[count];
        var read = 0;
        while (read < count) read += await content.ReadAsync(bytes.AsMemory(read), cancellationToken);
        return bytes;
    }

    /// <summary>Reads a body up to one byte more than it may have.</summary>
    private static async ValueTask<(byte[] Bytes, Exception? Cut)> ReadAsync(Stream body, long most, CancellationToken cancellationToken)
    {
        var read = new MemoryStream();
        var block = new byte[4096];
        try
        {
            while (read.Length <= most && await body.ReadAsync(block, cancellationToken) is var count and > 0) read.Write(block, 0, count);
            return (read.ToArray(), null);
        }
        catch (Exception cut) when (cut is IOException || (cut is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (read.ToArray(), cut);
        }
    }

    private static bool IsDigestOf(ExpectedDigest digest, byte[] bytes) => digest.Value.Span.SequenceEqual(digest.Algorithm switch
    {
        DigestAlgorithm.Sha256 => CryptographicOperations.HashData(HashAlgorithmName.SHA256, bytes),
        DigestAlgorithm.Sha512 => CryptographicOperations.HashData(HashAlgorithmName.SHA512, bytes),
        DigestAlgorithm.Sha1 => CryptographicOperations.HashData(HashAlgorithmName.SHA1, bytes),
        DigestAlgorithm.Md5 => CryptographicOperations.HashData(HashAlgorithmName.MD5, bytes),
        DigestAlgorithm.Adler32 => Adler32(bytes),
        _ => throw new UnreachableException(),
    });

    private static byte[] Adler32(byte[] bytes)
    {
        uint low = 1, high = 0;
        foreach (var one in bytes)
        {
            low = (low + one) % 65521;
            high = (high + low) % 65521;
        }

        var digest = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(digest, high << 16 | low);
        return digest;
    }

    private long Room(long replaced) => Capacity - tree.Bytes + replaced;

    private UnixTime Now() => UnixTime.From(time.GetUtcNow());

    private WriteResult TooMuch(VirtualPath file, long size) => WriteResult.Failed(
        Error(size > MaxFileSize ? WriteErrorKind.TooLarge : WriteErrorKind.NoSpace, file));

    private WriteResult Changed(VirtualPath file) =>
        WriteResult.Failed(Error(WriteErrorKind.PreconditionFailed, file, tree.Look(file)));

    private List<WriteError> RefusedIn(IEnumerable<VirtualPath> paths) =>
        [.. paths.Select(at => Refusals.GetValueOrDefault(at)).OfType<WriteError>()];

    private static bool HasOneBelow(List<WriteError> failures, VirtualPath at) =>
        failures.Exists(failure => failure.Path.IsSameOrUnder(at));

    /// <summary>A path and all below it, directories first.</summary>
    private static List<VirtualPath> Below(Dictionary<VirtualPath, MemoryItem> items, VirtualPath path) =>
        [.. items.Keys.Where(at => at.IsSameOrUnder(path)).OrderBy(at => at.Value, StringComparer.Ordinal)];

    private static IEnumerable<(VirtualPath Path, MemoryItem Item)> InOrder(Dictionary<VirtualPath, MemoryItem> items) =>
        items.OrderBy(item => item.Key.Value, StringComparer.Ordinal).Select(item => (item.Key, item.Value));

    private static bool IsSame(Entry? left, Entry? right) =>
        left is { } one ? right is { } other && WriteCondition.Is(other).IsMetBy(one) : right is null;

    private static WriteError Unmet(VirtualPath path, WriteCondition condition, Entry? now) =>
        Error(condition.IsAbsent ? WriteErrorKind.Exists : WriteErrorKind.PreconditionFailed, path, now);

    private static WriteError Error(WriteErrorKind kind, VirtualPath path, Entry? now = null) =>
        new(kind, path, $"{path}: {kind}") { Current = now };

    private static TreeEvent Event(TreeEventKind kind, VirtualPath path, MemoryItem item) =>
        new(0, kind, path, item.IsDirectory, item.Size, item.Modified, MemoryFileTree.Node);

    private static TaskCompletionSource NewNews() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
