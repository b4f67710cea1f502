using System.Globalization;
using System.Text;
using Dftp.FileSystem;

namespace Dftp.Http.Archives;

/// <summary>
/// The entries of a directory for an archive. Each is opened when its turn comes, so that memory does not grow.
/// </summary>
/// <param name="request">The request; its path is the directory.</param>
/// <param name="thisNode">The node whose files are probed before the archive begins.</param>
/// <param name="leavesOut">
/// Whether a file that cannot be opened is left out and listed in a report, instead of ending the archive.
/// </param>
internal sealed class ArchiveSource(TreeRequest request, NodeName thisNode, bool leavesOut)
{
    /// <summary>
    /// The maximum of entries walked and of files opened before the archive begins; each of the two takes up to about 0.1 s.
    /// </summary>
    private const int MaxWalked = 1_000_000, MaxLooks = 20_000;

    private const int ReadableByAll = 0b000_000_100;

    /// <summary>The maximum of lines in a report; further files are only counted.</summary>
    private const int MaxReported = 10_000;

    private readonly List<string> _leftOut = [];
    private long _leftOutCount;

    /// <summary>The name of the directory: everything in the archive lies under it.</summary>
    public string Top { get; } = request.Path.IsRoot ? "files" : request.Path.Name;

    public CancellationToken Aborted => request.Aborted;

    public IAsyncEnumerable<WalkEntry> WalkAsync() => request.Snapshot.WalkAsync(request.Path, request.Aborted).EachAsync();

    /// <summary>The path of a directory in the archive, with a trailing slash.</summary>
    public string PathOf(VirtualPath directory) =>
        $"{Top}{directory.Value.AsSpan(request.Path.IsRoot ? 0 : request.Path.Value.Length).TrimEnd('/')}/";

    /// <summary>
    /// Opens and closes those of this node's own files whose mode does not show whether this node may read them, and tries all that the
    /// principal may not read.
    /// </summary>
    /// <returns>The error of the first file that cannot be opened; null when there is none.</returns>
    public async ValueTask<FileError?> LookAheadAsync()
    {
        var doubtful = WalkAsync().Take(MaxWalked)
            .Where(step => !step.Entry.IsDirectory
                && ((step.Entry.Owner == thisNode && (step.Entry.Permissions & ReadableByAll) == 0) || IsListedOnly(step)));
        await foreach (var step in doubtful.Take(MaxLooks))
        {
            var (_, content, error) = await TryOpenAsync(step);
            if (content is not null) await content.DisposeAsync();
            if (error is not null) return error;
        }

        return null;
    }

    /// <summary>Opens a file.</summary>
    /// <returns>
    /// The content and the facts of the opened file, which may differ from the snapshot; nothing for a file that was deleted since
    /// the walk began, or that is left out.
    /// </returns>
    /// <exception cref="FileContentException">The file exists and cannot be opened, and the archive may not leave it out.</exception>
    public async ValueTask<(Entry Facts, FileContent? Content)> OpenAsync(WalkEntry file)
    {
        var (facts, content, error) = await TryOpenAsync(file);
        if (error is null) return (facts, content);
        if (!leavesOut) throw new FileContentException(error);
        if (_leftOutCount++ < MaxReported) _leftOut.Add(error.Message);
        return (facts, null);
    }

    /// <summary>The last member of the archive: the report of the files that were left out, with reasons.</summary>
    /// <returns>Null when no file was left out.</returns>
    public async ValueTask<(WalkEntry Step, FileContent Content)?> MakeReportAsync()
    {
        if (_leftOutCount == 0) return null;
        var text = new StringBuilder("These files are missing from this archive, because they could not be read:\n");
        foreach (var reason in _leftOut) text.Append(reason).Append('\n');
        if (_leftOutCount > MaxReported) text.Append(CultureInfo.InvariantCulture, $"and {_leftOutCount - MaxReported} more\n");
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        var top = await request.Snapshot.FindAsync(request.Path, request.Aborted) ?? default;
        var name = Encoding.UTF8.GetBytes(await ReportNameAsync());
        var facts = new Entry(name, false, bytes.Length, top.Modified, 0b110_100_100, thisNode);
        return (new WalkEntry(request.Path, facts), new ReportContent(bytes));
    }

    private bool IsListedOnly(in WalkEntry step) =>
        !request.Principal.ReadsEverything && request.Principal.RightAt(step.Path) < Right.Read;

    private async ValueTask<string> ReportNameAsync()
    {
        var name = "left-out.txt";
        for (var number = 2; await request.Snapshot.FindAsync(request.Path.Child(name), request.Aborted) is not null; number++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"left-out-{number}.txt");
        }

        return name;
    }

    private async ValueTask<(Entry Facts, FileContent? Content, FileError? Error)> TryOpenAsync(WalkEntry file)
    {
        var path = file.Path;
        var opened = await request.Tree.OpenAsync(path, file.Entry, RangeSpec.Whole, request.Aborted);
        if (opened.Content is { } content) return (opened.Facts, content, null);
        var error = opened.Error!;
        var isGone = error.Kind == FileErrorKind.NotFound && await request.Tree.Snapshot.FindAsync(path, request.Aborted) is null;
        return (file.Entry, null, isGone ? null : error);
    }

    private sealed class ReportContent(ReadOnlyMemory<byte> text) : FileContent
    {
        private ReadOnlyMemory<byte> _left = text;

        public override long Length { get; } = text.Length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var count = Math.Min(buffer.Length, _left.Length);
            _left[..count].CopyTo(buffer);
            _left = _left[count..];
            return new(count);
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
