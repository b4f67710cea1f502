using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Dftp.FileSystem;
using Dftp.Ftp.Control;
using Dftp.Ftp.Listing;

namespace Dftp.Ftp.Commands;

/// <summary>The working directory, and what is told of one entry on the control connection.</summary>
internal static class Navigation
{
    public static Reply Pwd(FtpSession session, string argument) =>
        new(257, $"{Quote(session.State.Directory)} is the current directory");

    public static Reply Cwd(FtpSession session, string argument)
    {
        if (!TryFind(session, argument, out var path, out var entry, out var missing)) return missing;
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
    /// RFC 3659, section 4: the bytes that RETR would send. In TYPE A these are not known without reading the file, so that is
    /// refused as section 4.3 allows.
    /// </summary>
    public static Reply Size(FtpSession session, string argument)
    {
        if (session.State.Type == RepresentationType.Ascii) return new Reply(550, "SIZE is not known in TYPE A, use TYPE I");
        return TryFindFile(session, argument, out var entry, out var refusal)
            ? new Reply(213, entry.Size.ToString(CultureInfo.InvariantCulture))
            : refusal;
    }

    public static Reply Mdtm(FtpSession session, string argument) =>
        TryFindFile(session, argument, out var entry, out var refusal) ? new Reply(213, Digits.TimeVal(entry.Modified)) : refusal;

    public static Reply Mlst(FtpSession session, string argument) =>
        TryFind(session, argument, out var path, out var entry, out var missing)
            ? Reply.Multiline(250, $"Listing {path}", [FactLine.Format(path, entry, session.State.Facts)], "End")
            : missing;

    /// <summary>Finds what is at a path that the client gave.</summary>
    public static bool TryFind(
        FtpSession session, string argument, out VirtualPath path, out Entry entry, [NotNullWhen(false)] out Reply? missing)
    {
        entry = default;
        missing = session.State.Directory.TryResolve(argument, out path)
            ? session.Context.Tree.Snapshot.TryFind(path, out entry) ? null : new Reply(550, $"{path}: nothing is there")
            : new Reply(550, "That is not a path");
        return missing is null;
    }

    private static bool TryFindFile(FtpSession session, string argument, out Entry entry, [NotNullWhen(false)] out Reply? refusal)
    {
        if (TryFind(session, argument, out var path, out entry, out refusal) && entry.IsDirectory)
        {
            refusal = new Reply(550, $"{path} is a directory");
        }

        return refusal is null;
    }

    /// <summary>RFC 959, appendix II: a quotation mark inside is doubled.</summary>
    private static string Quote(VirtualPath path) => $"\"{path.Value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
