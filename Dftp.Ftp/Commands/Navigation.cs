using System.Globalization;
using Dftp.FileSystem;
using Dftp.Ftp.Control;
using Dftp.Ftp.Listing;

namespace Dftp.Ftp.Commands;

/// <summary>The working directory, and the facts of single entries.</summary>
internal static class Navigation
{
    public static Reply Pwd(FtpSession session, string argument) =>
        new(257, $"{Quote(session.State.Directory)} is the current directory");

    public static async ValueTask<Reply> Cwd(FtpSession session, string argument)
    {
        var (path, entry, missing) = await FindAsync(session, argument);
        if (missing is not null) return missing;
        if (!entry.IsDirectory) return new Reply(550, $"{path} is not a directory");
        session.State.Directory = path;
        return new Reply(250, $"{Quote(path)} is the current directory");
    }

    public static Reply Cdup(FtpSession session, string argument)
    {
        session.State.Directory = session.State.Directory.Parent;
        return new Reply(250, $"{Quote(session.State.Directory)} is the current directory");
    }

    /// <summary>
    /// RFC 3659, section 4: the number of bytes that RETR would send. In TYPE A that is unknown without reading the file, so it is refused,
    /// as section 4.3 allows.
    /// </summary>
    public static async ValueTask<Reply> Size(FtpSession session, string argument)
    {
        if (session.State.Type == RepresentationType.Ascii) return new Reply(550, "SIZE is not known in TYPE A, use TYPE I");
        var (_, file, refusal) = await FindFileAsync(session, argument);
        return refusal ?? new Reply(213, file.Size.ToString(CultureInfo.InvariantCulture));
    }

    public static async ValueTask<Reply> Mdtm(FtpSession session, string argument)
    {
        var (_, file, refusal) = await FindFileAsync(session, argument);
        return refusal ?? new Reply(213, Digits.TimeVal(file.Modified));
    }

    public static async ValueTask<Reply> Mlst(FtpSession session, string argument)
    {
        var (path, entry, missing) = await FindAsync(session, argument);
        if (missing is not null) return missing;
        return await Look.AtEntryAsync(session, path, entry) is { } now
            ? Reply.Multiline(250, $"Listing {path}", [FactLine.Format(path, now, session.State.Facts)], "End")
            : NothingAt(path);
    }

    /// <summary>Finds the entry at a path from the client. The refusal is null on success.</summary>
    public static async ValueTask<(VirtualPath Path, Entry Entry, Reply? Refusal)> FindAsync(FtpSession session, string argument)
    {
        if (!session.State.Directory.TryResolve(argument, out var path)) return (path, default, new Reply(550, "Not a valid path"));
        return await session.Tree.Snapshot.FindAsync(path) is { } entry ? (path, entry, null) : (path, default, NothingAt(path));
    }

    /// <summary>Finds the file at a path from the client, with its current facts. The refusal is null on success.</summary>
    public static async ValueTask<(VirtualPath Path, Entry File, Reply? Refusal)> FindFileAsync(FtpSession session, string argument)
    {
        var (path, entry, missing) = await FindAsync(session, argument);
        if (missing is not null) return (path, entry, missing);
        if (entry.IsDirectory) return (path, entry, new Reply(550, $"{path} is a directory"));
        var (now, error) = await Look.AtFileAsync(session, path, entry);
        return (path, now, error is null ? null : FileErrorReply.For(error));
    }

    private static Reply NothingAt(VirtualPath path) => new(550, $"{path}: no such file or directory");

    /// <summary>RFC 959, appendix II: a quotation mark inside is doubled.</summary>
    private static string Quote(VirtualPath path) => $"\"{path.Value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
