using System.Runtime.InteropServices;

namespace Dftp.Cluster.LocalFiles.Native;

/// <summary>The error numbers of Linux that callers tell apart; the same on every architecture .NET runs on.</summary>
internal static class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int ENXIO = 6;
    public const int EAGAIN = 11;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int ENODEV = 19;
    public const int EXDEV = 18;
    public const int ENOTDIR = 20;
    public const int EINVAL = 22;
    public const int ENFILE = 23;
    public const int EMFILE = 24;
    public const int ENOSPC = 28;
    public const int ENAMETOOLONG = 36;
    public const int ENOSYS = 38;
    public const int ELOOP = 40;

    /// <summary>Nothing is at the path, or it cannot be reached by it.</summary>
    public static bool IsAbsent(int errno) => errno is ENOENT or ENOTDIR or ELOOP or ENAMETOOLONG;

    /// <summary>The permissions of the path, or of a directory on it, do not let this process in.</summary>
    public static bool IsForbidden(int errno) => errno is EACCES or EPERM;

    /// <summary>The system lacks something for the moment: that says nothing of what was asked for.</summary>
    public static bool IsShortage(int errno) => errno is EMFILE or ENFILE or ENOMEM;

    /// <exception cref="IOException">It is a shortage.</exception>
    public static void ThrowIfShortage(int errno)
    {
        // Without a path: a failure that is tried again and again is said once.
        if (IsShortage(errno)) throw new IOException($"the system refuses to tell: {Describe(errno)}", errno);
    }

    /// <summary>The operating system's words, beginning with a small letter so that they can end a sentence.</summary>
    public static string Describe(int errno)
    {
        var text = Marshal.GetPInvokeErrorMessage(errno);
        return text.Length == 0 ? $"error {errno}" : char.ToLowerInvariant(text[0]) + text[1..];
    }
}
