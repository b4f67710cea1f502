namespace Dftp.Node.CommandLine;

/// <summary>
/// The definition of an option, from which the command line, the environment, the file and the help are built.
/// </summary>
internal abstract record OptionDefinition(string Name)
{
    /// <summary>The placeholder of the value in the help, for example <c>HOST:PORT</c>.</summary>
    public required string Placeholder { get; init; }

    /// <summary>Sentences for the help.</summary>
    public required string Summary { get; init; }

    /// <summary>An example of a valid value.</summary>
    public required string Example { get; init; }

    /// <summary>The default value, in the form in which a user writes it.</summary>
    public string Default { get; init; } = "";

    /// <summary>Describes the default in words, if its text is not self-explanatory.</summary>
    public string DefaultMeaning { get; init; } = "";

    /// <summary>A switch takes no value, except after <c>=</c>. Naming it switches it on.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Whether it may be given several times. The environment separates the values by commas, the file has an array.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Whether the file of <c>--config</c> may have it.</summary>
    public bool IsAllowedInFile { get; init; } = true;

    public string Flag => "--" + Name;

    public string EnvironmentVariable => "DFTP_" + Name.Replace('-', '_').ToUpperInvariant();
}

/// <param name="Name">Lower case, with dashes between the words.</param>
/// <param name="Parse">
/// Parses a value. It throws <see cref="FormatException"/> with a sentence that gives the reason and does not name the option.
/// </param>
internal sealed record OptionDefinition<T>(string Name, Func<string, T> Parse) : OptionDefinition(Name);

/// <summary>A group of options in the help.</summary>
internal sealed record OptionGroup(string Heading, IReadOnlyList<OptionDefinition> Options);
