using Dftp.FileSystem;

namespace Dftp.Http.Archives;

/// <summary>
/// The entries of a directory as an archive takes them: each is opened when its turn comes, so that memory does not grow.
/// </summary>
internal sealed class ArchiveSource(TreeRequest request)
{
    /// <summary>A file that changes faster than it can be opened breaks the archive off after so many times.</summary>
    private const int MaxAttempts = 4;

    /// <summary>The name of the directory: everything in the archive lies under it.</summary>
    public string Top { get; } = request.Path.IsRoot ? "files" : request.Path.Name;

    public CancellationToken Aborted => request.Aborted;

    public IEnumerable<WalkEntry> Walk() => request.Snapshot.Walk(request.Path);

    /// <summary>Where a directory stands in the archive, with a slash at the end.</summary>
    public string PathOf(VirtualPath directory) =>
        $"{Top}{directory.Value.AsSpan(request.Path.IsRoot ? 0 : request.Path.Value.Length).TrimEnd('/')}/";

    /// <summary>Opens a file.</summary>
    /// <returns>
    /// Its content and its facts now; nothing when it was deleted since the walk began, which makes it no part of the tree.
    /// </returns>
    /// <exception cref="FileContentException">It is there and cannot be had: without it the archive is not whole.</exception>
    public async ValueTask<(Entry Facts, FileContent? Content)> OpenAsync(WalkEntry file)
    {
        var path = file.Path;
        var facts = file.Entry;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var opened = await request.Tree.OpenAsync(path, facts, ByteRange.Whole(facts), request.Aborted);
            if (opened.Content is { } content) return (facts, content);
            if (opened.IsStale(out var now))
            {
                facts = now;
                continue;
            }

            var error = opened.Error!;
            if (error.Kind == FileErrorKind.NotFound && !request.Tree.Snapshot.TryFind(path, out _)) return (facts, null);
            throw new FileContentException(error);
        }

        throw new FileContentException(new FileError(FileErrorKind.Failed, $"{path} keeps changing while it is opened"));
    }
}
